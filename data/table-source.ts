import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { foreignKind } from './foreign-kind.js';
import { TableFault } from './table-fault.js';

/** Larger files are refused: 2 GiB. */
const maxBytes = 2 ** 31 - 1;
const pieceBytes = 1 << 20;

/** A table's file, open for reading. */
export class TableSource {
  private constructor(
    private readonly file: string,
    private readonly handle: FileHandle,
  ) {}

  /** @throws TableFault for what is not a file, cannot be opened or is too large */
  static async open(file: string): Promise<TableSource> {
    const handle = await opened(file);
    try {
      const { size } = await handle.stat();
      if (size > maxBytes) throw tooLarge(file, size);
      return new TableSource(file, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * The bytes in pieces, each of whole UTF-8 characters without NUL: what is binary or in another
   * encoding would otherwise become wrong texts.
   */
  async *pieces(): AsyncGenerator<Buffer> {
    let kept: Buffer = Buffer.alloc(0);
    for (let at = 0; ;) {
      const bytes = await this.read(at, pieceBytes);
      if (at === 0) this.requireTable(bytes);
      if (at + bytes.length > maxBytes) throw tooLarge(this.file, at + bytes.length);
      const piece = kept.length === 0 ? bytes : Buffer.concat([kept, bytes]);
      const start = at - kept.length;
      const end = bytes.length === 0 ? piece.length : wholeCharacters(piece);
      await this.requireText(piece.subarray(0, end), start);
      if (end > 0) yield piece.subarray(0, end);
      if (bytes.length === 0) return;
      kept = piece.subarray(end);
      at += bytes.length;
    }
  }

  /** The line, 1-based, that a byte stands in. Lines end in LF, CRLF or CR. */
  async lineOf(offset: number): Promise<number> {
    let line = 1;
    let last = 0;
    for (let at = 0; at < offset;) {
      const bytes = await this.read(at, Math.min(pieceBytes, offset - at));
      if (bytes.length === 0) break;
      for (const byte of bytes) {
        // Of CRLF the CR counts.
        if (byte === carriageReturn || (byte === lineFeed && last !== carriageReturn)) line++;
        last = byte;
      }
      at += bytes.length;
    }
    return line;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async read(at: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    const { bytesRead } = await this.handle.read(buffer, 0, length, at);
    return buffer.subarray(0, bytesRead);
  }

  private requireTable(start: Buffer): void {
    const kind = foreignKind(start);
    if (kind === undefined) return;
    const { what, remedy } = kind;
    throw new TableFault({ file: this.file }, { what, expected: 'CSV in UTF-8', remedy });
  }

  private async requireText(piece: Buffer, start: number): Promise<void> {
    const nul = piece.indexOf(0);
    if (nul >= 0) {
      throw new TableFault(
        { file: this.file, line: await this.lineOf(start + nul) },
        { what: 'there is a NUL byte', expected: 'text', remedy: 'Export the table again as CSV UTF-8.' },
      );
    }
    if (!isUtf8(piece)) {
      throw new TableFault(
        { file: this.file, line: await this.lineOf(start + firstBroken(piece)) },
        { what: 'the file is not UTF-8', expected: 'UTF-8', remedy: 'Save it as CSV UTF-8.' },
      );
    }
  }
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** How much of a piece is whole characters, so that one that is cut in two is judged with its rest. */
function wholeCharacters(piece: Buffer): number {
  // A character has at most three bytes after its first.
  for (let back = 1; back <= Math.min(3, piece.length); back++) {
    const byte = piece[piece.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needed > back ? piece.length - back : piece.length;
  }
  return piece.length;
}

/** Where the bytes cease to be UTF-8: by halving, at the starts of characters. */
function firstBroken(piece: Buffer): number {
  let sound = 0;
  let broken = piece.length;
  for (;;) {
    const middle = startOfCharacter(piece, (sound + broken) >> 1);
    if (middle <= sound) return sound;
    if (isUtf8(piece.subarray(sound, middle))) sound = middle;
    else broken = middle;
  }
}

/** The start of the character that a byte belongs to. */
function startOfCharacter(piece: Buffer, at: number): number {
  let start = at;
  while (start > 0 && (piece[start]! & 0xc0) === 0x80) start--;
  return start;
}

async function opened(file: string): Promise<FileHandle> {
  try {
    const facts = await stat(file);
    if (!facts.isFile()) {
      const kind = facts.isDirectory() ? 'a folder' : facts.isFIFO() ? 'a pipe' : 'a device or a socket';
      throw new TableFault(
        { file },
        { what: `this is ${kind}, not a file`, expected: 'a CSV file', remedy: 'Save the table as a file.' },
      );
    }
    // Should it have become a pipe meanwhile: nobody waits for a writer.
    return await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (error instanceof TableFault) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new TableFault(
      { file },
      {
        what: code === 'ENOENT' ? 'there is no such file' : `the file cannot be opened (${code})`,
        expected: 'a CSV file',
        remedy: 'Set data.train and data.test to the paths of the tables, relative to the pipeline.',
      },
    );
  }
}

function tooLarge(file: string, bytes: number): TableFault {
  return new TableFault(
    { file },
    { what: 'the file is too large', found: `${bytes} bytes`, expected: `at most ${maxBytes} bytes` },
  );
}
