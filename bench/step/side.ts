import { z } from 'zod';
import { AnsweringProcess } from '../answering-process.js';

const answers = {
  ready: z.looseObject({
    ready: z.literal(true),
    threads: z.number(),
    parameters: z.number(),
    /** Ours: the batches to warm up with. */
    warmUps: z.array(z.number()).optional(),
  }),
  step: z.object({ seconds: z.number(), loss: z.number().nullable() }),
  run: z.object({
    seconds: z.number(),
    losses: z.array(z.number().nullable()),
    /** Of the host for the device; absent where there is no device to wait for. */
    waiting: z.number().optional(),
    /** With nothing for the device to do; absent where it cannot be told. */
    empty: z.number().optional(),
    compiling: z.number().optional(),
    /** Kernels that were started on the device. */
    launches: z.number().optional(),
  }),
  facts: z.looseObject({
    card: z.string().nullable(),
    driver: z.string().nullable(),
    /** Kernels that a step starts on the device, where runs do not tell. */
    launches: z.number().nullable().optional(),
    /** In which they compute, of a step. */
    kernelSeconds: z.number().nullable().optional(),
    /** As its driver or allocator says. */
    deviceBytes: z.number().nullable(),
    /** As it is counted from what is allocated. */
    counted: z.record(z.string(), z.number()).nullable().optional(),
  }),
  peak: z.object({ peakBytes: z.number() }),
  matmul: z.looseObject({ gflops: z.number() }),
};

export type Ready = z.infer<typeof answers.ready>;
/** `loss`: null where it is not finite. */
export type StepAnswer = z.infer<typeof answers.step>;

/** Several steps, one after the other. */
export type RunAnswer = z.infer<typeof answers.run>;
export type Facts = z.infer<typeof answers.facts>;

/** One side of the comparison, which answers the lines of README.md's protocol. */
export class Side {
  private constructor(private readonly process: AnsweringProcess) {}

  /** Starts the process and waits until its model stands. */
  static async start(
    name: string,
    command: string,
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly side: Side; readonly ready: Ready }> {
    const child = new AnsweringProcess(name, command, args, { env: { ...process.env, ...variables } });
    try {
      return { side: new Side(child), ready: await child.answer(answers.ready) };
    } catch (fault) {
      await child.close();
      throw fault;
    }
  }

  /** Trains on batch `index`. */
  step(index: number): Promise<StepAnswer> {
    return this.process.ask(`step ${index}`, answers.step);
  }

  /** Trains on so many batches, from one on. */
  run(first: number, count: number): Promise<RunAnswer> {
    return this.process.ask(`run ${first} ${count}`, answers.run);
  }

  /** What it knows of its device, and of a step there. */
  facts(): Promise<Facts> {
    return this.process.ask('facts', answers.facts);
  }

  /** The largest resident size of the process so far. */
  async peakBytes(): Promise<number> {
    return (await this.process.ask('peak', answers.peak)).peakBytes;
  }

  /** The best of eleven float32 products `[m, k]·[k, n]`, in GFLOP/s. */
  async matmul(m: number, k: number, n: number): Promise<number> {
    return (await this.process.ask(`matmul ${m} ${k} ${n}`, answers.matmul)).gflops;
  }

  close(): Promise<void> {
    return this.process.close();
  }
}
