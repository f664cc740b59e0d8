import { Argument, type Command } from 'commander';
import { z } from 'zod';
import { facts } from '../facts/index.js';
import type { Console } from '../terminal/console.js';

/** `foldwise schema COMMAND`: the JSON Schema of what a command prints with `--json`. */
export function addSchema(program: Command, console: Console): void {
  program
    .command('schema')
    .addArgument(new Argument('<command...>', 'a command, as in `status` or `schedule list`'))
    .summary('print the JSON Schema of what a command prints with --json')
    .description('Prints the JSON Schema (2020-12) of what a command prints with --json.')
    .action((words: readonly string[], _options: unknown, command: Command) => {
      const name = words.join(' ');
      const schema = facts[name];
      if (schema === undefined)
        command.error(`error: '${name}' prints no JSON; those that do: ${Object.keys(facts).join(', ')}`);
      console.print(JSON.stringify(jsonSchemaOf(name, schema), null, 2));
    });
}

export function jsonSchemaOf(name: string, schema: z.ZodType): Record<string, unknown> {
  return { ...z.toJSONSchema(schema), title: `foldwise ${name} --json` };
}
