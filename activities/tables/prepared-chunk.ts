import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { writeTestTable } from '../../data/dataset.js';
import type { TableColumns } from '../../data/text-rows.js';
import { InputFault } from '../../errors/fault.js';
import { byteRange } from './byte-range.js';
import type { TableChunk } from './cut-table.js';
import { TextSketcher, type TextSketch } from './text-sketch.js';

export interface ChunkRequest {
  readonly file: string;
  readonly columns: TableColumns;
  /** Its bytes stand before it. */
  readonly headerEnd: number;
  readonly chunk: TableChunk;
  /** What is written: the header and the chunk's rows as they stand in the table, and a prepared test table of them. */
  readonly output: { readonly piece: string; readonly table: string };
}

/**
 * Prepares the rows of one chunk.
 *
 * @throws InputFault where the bytes are not those that the chunk was cut from
 */
export async function prepareChunk(request: ChunkRequest): Promise<TextSketch> {
  const { file, columns, headerEnd, chunk, output } = request;
  if (copyChunk(file, headerEnd, chunk, output.piece) !== chunk.sha256) throw changedTable(file);
  const sketcher = new TextSketcher();
  await writeTestTable(output.piece, columns, output.table, (texts) => ({
    append: (text) => {
      sketcher.append(text);
      texts.append(text);
    },
  }));
  return sketcher.sketch();
}

/** The table is not what it was when its scoring began. */
export function changedTable(file: string): InputFault {
  return new InputFault({
    where: file,
    what: 'the table has changed since its scoring began',
    expected: 'the same bytes to the end, as a row is told by its place',
    remedy: 'Score it anew; rows in chunks that are as they were are not scored again.',
  });
}

function copyChunk(file: string, headerEnd: number, { start, end }: TableChunk, target: string): string {
  const hash = createHash('sha256');
  const output = openSync(target, 'w', 0o600);
  try {
    const write = (piece: Buffer): void => {
      for (let done = 0; done < piece.length;) done += writeSync(output, piece, done);
    };
    for (const piece of byteRange(file, 0, headerEnd)) write(piece);
    for (const piece of byteRange(file, start, end)) {
      hash.update(piece);
      write(piece);
    }
  } finally {
    closeSync(output);
  }
  return hash.digest('hex');
}
