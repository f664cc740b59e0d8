import { closeSync, openSync, writeSync } from 'node:fs';
import { byteRange } from './byte-range.js';

export interface JoinRequest {
  /** In order. */
  readonly pieces: readonly string[];
  readonly output: string;
}

/** Puts the pieces of a table behind each other. */
export function joinChunks({ pieces, output }: JoinRequest): { bytes: number } {
  const target = openSync(output, 'w');
  let bytes = 0;
  try {
    for (const piece of pieces) {
      for (const part of byteRange(piece, 0, Infinity)) {
        for (let done = 0; done < part.length;) done += writeSync(target, part, done);
        bytes += part.length;
      }
    }
    return { bytes };
  } finally {
    closeSync(target);
  }
}
