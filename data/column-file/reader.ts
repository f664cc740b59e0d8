import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { InputFault } from '../../errors/fault.js';
import { footerSchema, magic, maxFooterBytes, sectionsOf, tailBytes } from './format.js';
import type { Column, Footer } from './format.js';

/** Texts in the order of the rows, of which only ranges are in memory. */
export interface Texts {
  readonly length: number;
  /** The texts of the rows `first` … `end - 1`. */
  range(first: number, end: number): string[];
  /** All of them in order, in lists of at most `rows` texts, which are bounded in bytes, too. */
  lists(rows?: number): Iterable<string[]>;
}

/** The texts of a file. */
export interface TextColumn extends Texts {
  /** Those of the rows `first` … `end - 1`. */
  part(first: number, end: number): TextColumn;
}

/** A list has texts of this many bytes, or a single one. */
const listBytes = 16 << 20;
const listRows = 8192;

/**
 * A column file, open for reading. Calls wait for the disk and so have their place in a process of
 * their own, not on a worker's event loop.
 */
export class ColumnFile {
  private constructor(
    private readonly path: string,
    private readonly descriptor: number,
    private readonly footer: Footer,
  ) {}

  /** @throws InputFault where the file is not a whole column file */
  static open(path: string): ColumnFile {
    const descriptor = openSync(path, 'r');
    try {
      return new ColumnFile(path, descriptor, readFooter(path, descriptor));
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  get rows(): number {
    return this.footer.rows;
  }

  /** A column of texts, or of row numbers. */
  texts(name: string): TextColumn {
    const column = this.column(name, ['texts', 'rowNumbers']);
    const { rows } = this;
    if (column.kind === 'rowNumbers') return numberedTexts(0, rows);
    const range = (first: number, end: number): string[] => {
      const offsets = this.offsets(column, first, end);
      const start = offsets[0]!;
      const bytes = this.read(column.at + start, offsets.at(-1)! - start);
      return Array.from({ length: end - first }, (_, row) =>
        bytes.toString('utf8', offsets[row]! - start, offsets[row + 1]! - start),
      );
    };
    const part = (from: number, to: number): TextColumn => ({
      length: to - from,
      range: (first, end) => range(from + first, from + end),
      lists: (most = listRows) => this.lists(column, range, { from, to, most }),
      part: (first, end) => part(from + first, from + end),
    });
    return part(0, rows);
  }

  /** `[rows, width]`. */
  bytes(name: string): { readonly width: number; readonly values: Uint8Array } {
    const { at, width } = this.column(name, ['bytes']);
    const { buffer, byteOffset, byteLength } = this.read(at, this.rows * width);
    return { width, values: new Uint8Array(buffer, byteOffset, byteLength) };
  }

  integers(name: string): Int32Array {
    const { at } = this.column(name, ['integers']);
    const bytes = this.read(at, this.rows * 4);
    return new Int32Array(bytes.buffer, bytes.byteOffset, this.rows);
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private *lists(
    column: Extract<Column, { kind: 'texts' }>,
    range: (first: number, end: number) => string[],
    { from, to, most }: { readonly from: number; readonly to: number; readonly most: number },
  ): Iterable<string[]> {
    for (let first = from; first < to;) {
      const offsets = this.offsets(column, first, Math.min(first + most, to));
      let count = 1;
      while (count + 1 < offsets.length && offsets[count + 1]! - offsets[0]! <= listBytes) count++;
      yield range(first, first + count);
      first += count;
    }
  }

  /** One more than the texts of the range. */
  private offsets(
    { offsetsAt, bytes }: Extract<Column, { kind: 'texts' }>,
    first: number,
    end: number,
  ): Uint32Array {
    const count = end - first + 1;
    const read = this.read(offsetsAt + 4 * first, 4 * count);
    const offsets = new Uint32Array(read.buffer, read.byteOffset, count);
    if (offsets.every((offset, index) => offset <= bytes && offset >= (offsets[index - 1] ?? 0)))
      return offsets;
    throw damaged(this.path);
  }

  private column<K extends Column['kind']>(name: string, kinds: readonly K[]): Extract<Column, { kind: K }> {
    const column = this.footer.columns.find((candidate) => candidate.name === name);
    if (column !== undefined && isOf(column, kinds)) return column;
    throw damaged(this.path);
  }

  private read(at: number, length: number): Buffer {
    return readExactly(this.path, this.descriptor, at, length);
  }
}

function isOf<K extends Column['kind']>(
  column: Column,
  kinds: readonly K[],
): column is Extract<Column, { kind: K }> {
  return (kinds as readonly string[]).includes(column.kind);
}

function numberedTexts(from: number, to: number): TextColumn {
  const range = (first: number, end: number): string[] =>
    Array.from({ length: end - first }, (_, row) => String(from + first + row));
  function* lists(most = listRows): Iterable<string[]> {
    for (let first = 0; first < to - from; first += most)
      yield range(first, Math.min(first + most, to - from));
  }
  const part = (first: number, end: number): TextColumn => numberedTexts(from + first, from + end);
  return { length: to - from, range, lists, part };
}

function readFooter(path: string, descriptor: number): Footer {
  const { size } = fstatSync(descriptor);
  if (size < magic.length + tailBytes) throw damaged(path);
  const tail = readExactly(path, descriptor, size - tailBytes, tailBytes);
  const length = tail.readUInt32LE(0);
  const start = size - tailBytes - length;
  if (!tail.subarray(8).equals(magic) || length > maxFooterBytes || start < magic.length) throw damaged(path);
  const footer = footerSchema.safeParse(parseJson(readExactly(path, descriptor, start, length)));
  if (!footer.success) throw damaged(path);
  const { rows, columns } = footer.data;
  const sections = columns.flatMap((column) => sectionsOf(column, rows));
  if (sections.some(({ at, bytes }) => at + bytes > start)) throw damaged(path);
  return footer.data;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Into memory of its own, so that numbers in it are aligned. */
function readExactly(path: string, descriptor: number, at: number, length: number): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let done = 0; done < length;) {
    const count = readSync(descriptor, bytes, done, Math.min(length - done, 1 << 30), at + done);
    if (count === 0) throw damaged(path);
    done += count;
  }
  return bytes;
}

function damaged(path: string): InputFault {
  return new InputFault({
    where: path,
    what: 'this is not a prepared table of this version of foldwise',
    remedy: 'Start the run again: the tables are then prepared anew.',
  });
}
