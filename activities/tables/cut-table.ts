import { createHash, type Hash } from 'node:crypto';
import { statSync } from 'node:fs';
import { DistinctIds } from '../../data/text-stream/distinct-ids.js';
import type { TextFormat } from '../../data/text-stream/format.js';
import type { TextLayout } from '../../data/text-stream/layout.js';
import { streamStart, type StreamPlace } from '../../data/text-stream/place.js';
import { fileSource } from '../../data/text-stream/source.js';
import { TextStream } from '../../data/text-stream/text-stream.js';
import { nameOf, pathOf, type TableFile } from '../../data/table-file.js';
import type { TableColumns } from '../../data/text-rows.js';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { byteRange } from './byte-range.js';

export interface CutRequest {
  readonly file: TableFile;
  readonly format: TextFormat;
  readonly columns: TableColumns;
  /** Every chunk but the last has a multiple of so many rows. */
  readonly unit: number;
  readonly mostChunks: number;
}

/** Whole rows that follow each other in a table's file. */
export interface TableChunk {
  readonly rows: number;
  /** Before its rows; of the first chunk before the header. */
  readonly start: StreamPlace;
  /** Bytes of the file before its end. */
  readonly end: number;
  /** Of the bytes from start to end. */
  readonly sha256: string;
}

export interface CutTable {
  readonly rows: number;
  readonly sha256: string;
  readonly layout: TextLayout;
  readonly chunks: readonly TableChunk[];
  readonly warnings: readonly string[];
}

/**
 * Reads a whole table as its rows will be read, in bounded memory, and cuts it into chunks.
 *
 * @throws TableFault at the first thing that a person has to change
 */
export async function cutTable(request: CutRequest): Promise<CutTable> {
  const { file, unit, mostChunks } = request;
  const before = stateOf(file);
  const { places, rows, layout, warnings } = await readPlaces(request);
  const units = Math.ceil(Math.ceil(rows / unit) / mostChunks);
  const starts = places.filter((_, place) => place % units === 0);
  const whole = createHash('sha256');
  const chunks = starts.map((start, place) => {
    const next = starts[place + 1] ?? { rows, offset: Number(before.size) };
    const sha256 = digest(file, start.offset, next.offset, whole);
    return { rows: next.rows - start.rows, start, end: next.offset, sha256 };
  });
  if (stateOf(file).text !== before.text)
    throw new EnvironmentFault({
      where: nameOf(file),
      what: 'the table was changed while it was being read',
    });
  return { rows, sha256: whole.digest('hex'), layout, chunks, warnings };
}

/** The place before each unit of rows. */
async function readPlaces({ file, format, columns, unit }: CutRequest): Promise<{
  readonly places: readonly StreamPlace[];
  readonly rows: number;
  readonly layout: TextLayout;
  readonly warnings: readonly string[];
}> {
  const stream = await TextStream.open(await fileSource(file), { format, columns });
  try {
    const ids = new DistinctIds();
    const places = [streamStart];
    let [rows, empty] = [0, 0];
    let last = streamStart;
    for await (const list of stream.rows()) {
      for (const row of list) {
        if (rows > 0 && rows % unit === 0) places.push(last);
        rows = row.end.rows;
        last = row.end;
        if (row.text.trim() === '') empty++;
        const former = stream.layout.id === null ? null : ids.add(row.id, rows);
        if (former === null) continue;
        throw stream.faultOf(row, {
          what: `the id is the same as in row ${former}`,
          expected: 'a different id in every row',
          remedy: 'Remove one of the rows.',
        });
      }
    }
    if (rows === 0)
      throw new InputFault({ where: nameOf(file), what: 'there are no rows', expected: 'at least one' });
    const warnings = [
      ...stream.warnings,
      ...(empty > 0 ? [`${nameOf(file)}: ${empty} of ${rows} texts are empty.`] : []),
      ...(ids.isFull
        ? [`${nameOf(file)}: that an id is there twice was looked for in the first ${ids.most} alone.`]
        : []),
    ];
    return { places, rows, layout: stream.layout, warnings };
  } finally {
    await stream.close();
  }
}

function digest(file: TableFile, start: number, end: number, whole: Hash): string {
  const own = createHash('sha256');
  for (const piece of byteRange(pathOf(file), start, end)) {
    own.update(piece);
    whole.update(piece);
  }
  return own.digest('hex');
}

function stateOf(file: TableFile): { size: bigint; text: string } {
  const status = statSync(pathOf(file), { bigint: true, throwIfNoEntry: false });
  // What is not there is the reader's to report.
  if (status === undefined) return { size: 0n, text: '' };
  const { dev, ino, size, mtimeNs, ctimeNs } = status;
  return { size, text: [dev, ino, size, mtimeNs, ctimeNs].join(' ') };
}
