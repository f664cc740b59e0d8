import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { EnvironmentFault } from '../../errors/fault.js';

const answers = {
  ready: z.looseObject({
    ready: z.literal(true),
    threads: z.number(),
    parameters: z.number(),
    /** Ours: the batches to warm up with. */
    warmUps: z.array(z.number()).optional(),
  }),
  step: z.object({ seconds: z.number(), loss: z.number().nullable() }),
  peak: z.object({ peakBytes: z.number() }),
  matmul: z.looseObject({ gflops: z.number() }),
};

export type Ready = z.infer<typeof answers.ready>;
/** `loss`: null where it is not finite. */
export type StepAnswer = z.infer<typeof answers.step>;

/** Characters of a process's complaints that are kept. */
const keptComplaint = 2000;

/**
 * One side of the comparison: a process that takes a line on stdin and answers with one on stdout, blocked on its
 * stdin in between (README.md has the protocol). The end of its stdin ends it.
 */
export class Side {
  private readonly lines: AsyncIterator<string>;
  private readonly ended: Promise<string>;
  private complaint = '';

  private constructor(
    readonly name: string,
    private readonly child: ChildProcessByStdio<Writable, Readable, Readable>,
  ) {
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

  /** Starts the process and waits until its model stands. */
  static async start(
    name: string,
    command: string,
    args: readonly string[],
  ): Promise<{ readonly side: Side; readonly ready: Ready }> {
    const side = new Side(name, spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] }));
    try {
      return { side, ready: await side.answer(answers.ready) };
    } catch (fault) {
      await side.close();
      throw fault;
    }
  }

  /** Trains on batch `index`. */
  step(index: number): Promise<StepAnswer> {
    return this.ask(`step ${index}`, answers.step);
  }

  /** The largest resident size of the process so far. */
  async peakBytes(): Promise<number> {
    return (await this.ask('peak', answers.peak)).peakBytes;
  }

  /** The best of eleven float32 products `[m, k]·[k, n]`, in GFLOP/s. */
  async matmul(m: number, k: number, n: number): Promise<number> {
    return (await this.ask(`matmul ${m} ${k} ${n}`, answers.matmul)).gflops;
  }

  async close(): Promise<void> {
    this.child.stdin.end();
    await this.ended;
  }

  private ask<T>(line: string, schema: z.ZodType<T>): Promise<T> {
    this.child.stdin.write(`${line}\n`);
    return this.answer(schema);
  }

  private async answer<T>(schema: z.ZodType<T>): Promise<T> {
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
