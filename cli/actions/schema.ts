import { z } from 'zod';
import { exitCodes } from '../exit-codes.js';
import { facts } from '../facts/index.js';
import { CommandFailure } from '../failure.js';
import type { GlobalOptions } from '../options.js';
import type { Console } from '../terminal/console.js';

export function schema(console: Console, _options: GlobalOptions, words: readonly string[]): void {
  const name = words.join(' ');
  const found = facts[name];
  if (found === undefined)
    throw new CommandFailure(
      `'${name}' prints no JSON; those that do: ${Object.keys(facts).join(', ')}`,
      exitCodes.usage,
    );
  console.print(JSON.stringify(jsonSchemaOf(name, found), null, 2));
}

function jsonSchemaOf(name: string, schema: z.ZodType): Record<string, unknown> {
  return { ...z.toJSONSchema(schema), title: `foldwise ${name} --json` };
}
