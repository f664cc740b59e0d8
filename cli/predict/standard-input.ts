import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { InputFault } from '../../errors/fault.js';

/** As large as a table's file may be: 2 GiB. */
const maxBytes = 2 ** 31 - 1;

/**
 * Does work with a file of what comes in: a table is read by places, which a stream has none of.
 *
 * @param file is written first @param work its faults are told of the standard input, not of the file
 */
export async function withStandardInput<T>(
  input: Readable,
  file: string,
  work: (file: string) => Promise<T>,
): Promise<T> {
  await pipeline(input, limit(maxBytes), createWriteStream(file, { mode: 0o600 }));
  try {
    return await work(file);
  } catch (error) {
    if (!(error instanceof InputFault)) throw error;
    const { details } = error;
    throw new InputFault({ ...details, where: details.where.replaceAll(file, standardInput) });
  }
}

const standardInput = 'standard input';

function limit(bytes: number): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      if (passed <= bytes) return done(null, chunk);
      const what = 'there is more of it than a table may have';
      done(new InputFault({ where: standardInput, what, expected: `at most ${bytes} bytes` }));
    },
  });
}
