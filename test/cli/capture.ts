import { createProgram } from '../../cli/program.js';
import type { Console } from '../../cli/terminal/console.js';

export interface Captured {
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process and gives what it wrote. */
export async function run(...args: readonly string[]): Promise<Captured> {
  const out: string[] = [];
  const err: string[] = [];
  const console: Console = { print: (text) => void out.push(text), note: (text) => void err.push(text) };
  await createProgram(console).parseAsync(['node', 'foldwise', ...args]);
  return { out: out.join('\n'), err: err.join('\n') };
}
