import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { EnvironmentFault } from '../errors/fault.js';

/** Characters of a process's complaints that are kept. */
const keptComplaint = 2000;

/**
 * A process that takes a line on stdin and answers with one of JSON on stdout, blocked on its stdin in between. The
 * end of its stdin ends it.
 */
export class AnsweringProcess {
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  private readonly lines: AsyncIterator<string>;
  private readonly ended: Promise<string>;
  private complaint = '';

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ) {
    this.child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    const { child } = this;
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    // What it did not read before it ended is told by how it ended.
    child.stdin.on('error', () => undefined);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.complaint = (this.complaint + text).slice(-keptComplaint);
    });
  }

  async close(): Promise<void> {
    this.child.stdin.end();
    await this.ended;
  }

  ask<T>(line: string, schema: z.ZodType<T>): Promise<T> {
    this.child.stdin.write(`${line}\n`);
    return this.answer(schema);
  }

  /** What it says of itself. */
  async answer<T>(schema: z.ZodType<T>): Promise<T> {
    const line = await this.lines.next();
    if (line.done === true) throw await this.loss();
    return schema.parse(JSON.parse(finite(line.value)));
  }

  private async loss(): Promise<EnvironmentFault> {
    const end = await this.ended;
    return new EnvironmentFault({
      where: this.name,
      what: `the process ended: ${end}`,
      ...(this.complaint === '' ? {} : { found: this.complaint.trim() }),
      remedy: end === 'SIGKILL' ? 'It may have been killed for its memory.' : 'See bench/README.md.',
    });
  }
}

/** Python writes NaN and Infinity, which JSON has not. */
function finite(line: string): string {
  return line.replace(/:\s*(NaN|-?Infinity)/g, ': null');
}
