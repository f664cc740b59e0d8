import type { FileHandle } from 'node:fs/promises';
import { EnvironmentFault } from '../../errors/fault.js';
import { inWords } from '../../errors/system-codes.js';
import { openRegularFile } from '../regular-file.js';
import { TableFault } from '../table-fault.js';
import { nameOf, type TableFile } from '../table-file.js';

/** Bytes of any length, which are read once, from the front. */
export interface ByteSource {
  /** What it is called in a fault. */
  readonly name: string;
  /** Null where it is not known beforehand. */
  readonly bytes: number | null;
  /** Pieces of at most some hundred thousand bytes, from a byte on. */
  pieces(from?: number): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

const pieceBytes = 1 << 18;

/**
 * A file. That it is not changed while it is read is looked at when it has been read.
 *
 * @throws TableFault for what is no file, or cannot be opened
 */
export async function fileSource(table: TableFile): Promise<ByteSource> {
  const file = nameOf(table);
  const handle = await openRegularFile(table, {
    absent: 'Name the file with the texts.',
    special: 'Read it as standard input: name - in place of the file, and redirect it there.',
  });
  const { size, mtimeMs } = await handle.stat();
  async function* pieces(from = 0): AsyncGenerator<Buffer> {
    for (let at = from; ;) {
      const piece = await readPiece(file, handle, at);
      if (piece.length > 0) yield piece;
      else break;
      at += piece.length;
    }
    const now = await handle.stat();
    if (now.size === size && now.mtimeMs === mtimeMs) return;
    throw new TableFault(
      { file },
      {
        what: 'the file was changed while it was read',
        found: `${now.size} bytes`,
        expected: `the ${size} bytes that it had`,
        remedy: 'Leave it as it is until all of it has been read.',
      },
    );
  }
  return { name: file, bytes: size, pieces, close: () => handle.close() };
}

async function readPiece(file: string, handle: FileHandle, at: number): Promise<Buffer> {
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, at);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** What another process sends, such as standard input: it has an end, and nothing before its front. */
export function streamSource(name: string, stream: AsyncIterable<Buffer>): ByteSource {
  async function* pieces(from = 0): AsyncGenerator<Buffer> {
    let skipped = 0;
    try {
      for await (const all of stream) {
        const rest = all.subarray(Math.min(all.length, from - skipped));
        skipped += all.length - rest.length;
        for (let at = 0; at < rest.length; at += pieceBytes) yield rest.subarray(at, at + pieceBytes);
      }
    } catch (error) {
      throw unreadable(name, error);
    }
  }
  return { name, bytes: null, pieces, close: () => Promise.resolve() };
}

function unreadable(where: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return error;
  return new EnvironmentFault(
    { where, what: 'it cannot be read any further', found: inWords(code) },
    { cause: error },
  );
}
