import { Argument, type Command } from 'commander';
import type { Console } from '../terminal/console.js';
import { whenRun } from '../when-run.js';

/** `foldwise schema COMMAND`: the JSON Schema of what a command prints with `--json`. */
export function addSchema(program: Command, console: Console): void {
  program
    .command('schema')
    .addArgument(new Argument('<command...>', 'a command, as in `status` or `schedule list`'))
    .summary('print the JSON Schema of what a command prints with --json')
    .description('Prints the JSON Schema (2020-12) of what a command prints with --json.')
    .action(whenRun(console, async () => (await import('../actions/schema.js')).schema));
}
