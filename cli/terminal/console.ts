/** Where a command writes: facts to standard output, remarks on what it does to standard error. */
export interface Console {
  print(text: string): void;
  note(text: string): void;
}

export const processConsole: Console = {
  print: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
};

/** Prints facts for programs: indented JSON, numbers that are not finite as null. */
export function printJson(console: Console, facts: unknown): void {
  console.print(JSON.stringify(facts, null, 2));
}
