import { closeSync, openSync, writeSync } from 'node:fs';

const pieceCharacters = 1 << 20;

/** Writes lines into a file as they come, so that no more than a piece of it is ever in memory. */
export function writeLines(path: string, lines: Iterable<string>): void {
  const descriptor = openSync(path, 'w');
  try {
    let piece = '';
    for (const line of lines) {
      piece += line;
      if (piece.length < pieceCharacters) continue;
      writeWhole(descriptor, piece);
      piece = '';
    }
    writeWhole(descriptor, piece);
  } finally {
    closeSync(descriptor);
  }
}

function writeWhole(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done);
}
