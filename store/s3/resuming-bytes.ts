import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { failureOf } from './failures.js';

export interface ResumingOptions {
  readonly first: Readable;
  /** The first byte that is read, and that before which it ends. */
  readonly from: number;
  readonly to: number;
  /** The rest, from a byte on, of the same version. */
  readonly again: (position: number) => Promise<Readable>;
  readonly signal: AbortSignal | undefined;
  /** What a failure is to whoever reads. */
  readonly fault: (error: unknown) => unknown;
}

/** An answer that breaks off is asked for again where it broke off, so many times without a byte between. */
const mostBarren = 5;

/** The bytes of an answer, or of several, each going on where the one before broke off. */
export function resumingBytes(options: ResumingOptions): Readable {
  const stream = Readable.from(pieces(options), { objectMode: false });
  // It may break off before anybody reads: whoever then reads finds that, and asks again.
  options.first.on('error', () => undefined);
  // One that nobody began to read is not yet in the generator's care.
  return stream.once('close', () => options.first.destroy());
}

async function* pieces({ first, from, to, again, signal, fault }: ResumingOptions): AsyncGenerator<Buffer> {
  let position = from;
  let barren = 0;
  let body: Readable | null = first;
  for (;;) {
    try {
      body ??= await again(position);
      for await (const chunk of body as AsyncIterable<Buffer>) {
        position += chunk.length;
        barren = 0;
        yield chunk;
      }
      if (position >= to) return;
      throw new RangeError('an answer ended before its end');
    } catch (error) {
      const { status } = failureOf(error);
      // It was replaced or deleted meanwhile, or may no longer be read.
      const refused = status !== null && status >= 400 && status < 500 && status !== 429;
      if (refused || signal?.aborted === true || ++barren > mostBarren) throw fault(error);
      await delay(Math.random() * 100 * 2 ** barren);
    } finally {
      body?.destroy();
      body = null;
    }
  }
}
