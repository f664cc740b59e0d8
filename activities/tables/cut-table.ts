import { createHash, type Hash } from 'node:crypto';
import { statSync } from 'node:fs';
import { readTextRows, type TableColumns } from '../../data/text-rows.js';
import { EnvironmentFault } from '../../errors/fault.js';
import { byteRange } from './byte-range.js';

export interface CutRequest {
  readonly file: string;
  readonly columns: TableColumns;
  /** Every chunk but the last has a multiple of so many rows. */
  readonly unit: number;
  readonly mostChunks: number;
}

/** Whole rows that follow each other in a table's file. */
export interface TableChunk {
  /** The first of its rows, from 0. */
  readonly first: number;
  readonly rows: number;
  /** Bytes of the file, from `start` up to `end`. */
  readonly start: number;
  readonly end: number;
  /** Of these bytes. */
  readonly sha256: string;
}

export interface CutTable {
  readonly rows: number;
  readonly sha256: string;
  /** Its bytes stand before `end`. */
  readonly header: { readonly end: number; readonly sha256: string };
  /** Whether rows are numbered, as there is no column of ids. */
  readonly numbered: boolean;
  readonly chunks: readonly TableChunk[];
  readonly warnings: readonly string[];
}

/**
 * Reads a whole table as its rows will be read, and cuts it into chunks.
 *
 * @throws TableFault at the first thing that a person has to change
 */
export async function cutTable({ file, columns, unit, mostChunks }: CutRequest): Promise<CutTable> {
  const before = stateOf(file);
  const { table, rows, ids, warnings } = await readTextRows(file, columns, { append: () => undefined });
  const size = unit * Math.ceil(rows / (unit * mostChunks));
  const firsts = Array.from({ length: Math.ceil(rows / size) }, (_, chunk) => chunk * size);
  const whole = createHash('sha256');
  const bytes = Number(before.size);
  const headerEnd = table.startOf(0);
  const header = { end: headerEnd, sha256: digest(file, 0, headerEnd, whole) };
  const chunks = firsts.map((first) => {
    const [start, next] = [table.startOf(first), first + size];
    const end = next < rows ? table.startOf(next) : bytes;
    const sha256 = digest(file, start, end, whole);
    return { first, rows: Math.min(size, rows - first), start, end, sha256 };
  });
  if (stateOf(file).text !== before.text)
    throw new EnvironmentFault({ where: file, what: 'the table was changed while it was being read' });
  return { rows, sha256: whole.digest('hex'), header, numbered: ids === null, chunks, warnings };
}

function digest(file: string, start: number, end: number, whole: Hash): string {
  const own = createHash('sha256');
  for (const piece of byteRange(file, start, end)) {
    own.update(piece);
    whole.update(piece);
  }
  return own.digest('hex');
}

function stateOf(file: string): { size: bigint; text: string } {
  const status = statSync(file, { bigint: true, throwIfNoEntry: false });
  // What is not there is the reader's to report.
  if (status === undefined) return { size: 0n, text: '' };
  const { dev, ino, size, mtimeNs, ctimeNs } = status;
  return { size, text: [dev, ino, size, mtimeNs, ctimeNs].join(' ') };
}
