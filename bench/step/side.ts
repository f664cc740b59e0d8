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
  peak: z.object({ peakBytes: z.number() }),
  matmul: z.looseObject({ gflops: z.number() }),
};

export type Ready = z.infer<typeof answers.ready>;
/** `loss`: null where it is not finite. */
export type StepAnswer = z.infer<typeof answers.step>;

/** One side of the comparison, which answers the lines of README.md's protocol. */
export class Side {
  private constructor(private readonly process: AnsweringProcess) {}

  /** Starts the process and waits until its model stands. */
  static async start(
    name: string,
    command: string,
    args: readonly string[],
  ): Promise<{ readonly side: Side; readonly ready: Ready }> {
    const process = new AnsweringProcess(name, command, args);
    try {
      return { side: new Side(process), ready: await process.answer(answers.ready) };
    } catch (fault) {
      await process.close();
      throw fault;
    }
  }

  /** Trains on batch `index`. */
  step(index: number): Promise<StepAnswer> {
    return this.process.ask(`step ${index}`, answers.step);
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
