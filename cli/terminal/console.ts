import type { z } from 'zod';

/** Where a command writes: facts to standard output, remarks on what it does to standard error. */
export interface Console {
  print(text: string): void;
  note(text: string): void;
}

export const processConsole: Console = {
  print: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
};

/** Facts, which a command only reads. */
export type Facts<T> = T extends object ? { readonly [Key in keyof T]: Facts<T[Key]> } : T;

/**
 * Prints facts for programs: indented JSON, numbers that are not finite as null. What is printed is what
 * the schema has, and nothing beside it.
 */
export function printJson<Schema extends z.ZodType>(
  console: Console,
  schema: Schema,
  facts: Facts<z.input<Schema>>,
): void {
  console.print(JSON.stringify(schema.parse(JSON.parse(JSON.stringify(facts))), null, 2));
}
