import { closeSync, openSync, readSync } from 'node:fs';

const pieceBytes = 1 << 20;

/** The bytes `start` … `end - 1` of a file, piece by piece; fewer where the file ends before. */
export function* byteRange(path: string, start: number, end: number): Iterable<Buffer> {
  const descriptor = openSync(path, 'r');
  try {
    for (let at = start; at < end;) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, end - at));
      const read = readSync(descriptor, piece, 0, piece.length, at);
      if (read === 0) return;
      yield piece.subarray(0, read);
      at += read;
    }
  } finally {
    closeSync(descriptor);
  }
}
