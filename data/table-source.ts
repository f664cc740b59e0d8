import type { FileHandle } from 'node:fs/promises';
import { foreignKind } from './foreign-kind.js';
import { openRegularFile } from './regular-file.js';
import { unsound, wholeCharacters } from './sound-text.js';
import { TableFault } from './table-fault.js';
import { nameOf, type TableFile } from './table-file.js';

/** Larger files are refused: 2 GiB. */
export const mostTableBytes = 2 ** 31 - 1;
const pieceBytes = 1 << 20;

/** A table's file, open for reading. */
export class TableSource {
  private constructor(
    private readonly file: string,
    private readonly handle: FileHandle,
  ) {}

  /** @throws TableFault for what is not a file, cannot be opened or is too large */
  static async open(table: TableFile): Promise<TableSource> {
    const file = nameOf(table);
    const handle = await openRegularFile(table, {
      absent: 'Set data.train and data.test to the paths of the tables, relative to the pipeline.',
      special: 'Save the table as a file.',
    });
    try {
      const { size } = await handle.stat();
      if (size > mostTableBytes) throw tooLarge(file, size);
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
      if (at + bytes.length > mostTableBytes) throw tooLarge(this.file, at + bytes.length);
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
    const found = unsound(piece);
    if (found === null) return;
    const { at, ...fault } = found;
    throw new TableFault({ file: this.file, line: await this.lineOf(start + at) }, fault);
  }
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

function tooLarge(file: string, bytes: number): TableFault {
  return new TableFault(
    { file },
    { what: 'the file is too large', found: `${bytes} bytes`, expected: `at most ${mostTableBytes} bytes` },
  );
}
