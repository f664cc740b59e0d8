import { createHash } from 'node:crypto';
import { ColumnFileWriter } from '../../data/column-file/writer.js';
import { IdColumn } from '../../data/ids.js';
import { preparedColumns } from '../../data/prepared-table.js';
import { nameOf, pathOf, type TableFile } from '../../data/table-file.js';
import type { TableColumns } from '../../data/text-rows.js';
import type { TextFormat } from '../../data/text-stream/format.js';
import type { TextLayout } from '../../data/text-stream/layout.js';
import type { ByteSource } from '../../data/text-stream/source.js';
import { TextStream } from '../../data/text-stream/text-stream.js';
import { InputFault } from '../../errors/fault.js';
import { byteRange } from './byte-range.js';
import type { TableChunk } from './cut-table.js';
import { TextSketcher, type TextSketch } from './text-sketch.js';

export interface ChunkRequest {
  readonly file: TableFile;
  readonly format: TextFormat;
  readonly columns: TableColumns;
  readonly layout: TextLayout;
  readonly chunk: TableChunk;
  /** What is written: a prepared test table of the chunk's rows. */
  readonly output: string;
}

/**
 * Prepares the rows of one chunk.
 *
 * @throws InputFault where the bytes are not those that the chunk was cut from
 */
export async function prepareChunk(request: ChunkRequest): Promise<TextSketch> {
  const { file, chunk } = request;
  const source = new ChunkSource(file, chunk);
  try {
    return await writeChunk(request, source);
  } catch (error) {
    // What a changed table has there may be anything.
    if (!source.isWhole()) throw changedTable(nameOf(file));
    throw error;
  }
}

async function writeChunk(
  { format, columns, layout, chunk, output }: ChunkRequest,
  source: ChunkSource,
): Promise<TextSketch> {
  const { start } = chunk;
  const from = start.offset === 0 ? {} : { from: { place: start, layout } };
  const sketcher = new TextSketcher();
  const ids = new IdColumn();
  const stream = await TextStream.open(source, { format, columns, ...from });
  const file = new ColumnFileWriter(output);
  try {
    const texts = file.texts(preparedColumns.texts);
    for await (const rows of stream.rows()) {
      for (const { id, text } of rows) {
        texts.append(text);
        sketcher.append(text);
        ids.append(id);
      }
    }
    texts.end();
    if (!source.isWhole()) throw changedTable(source.name);
    const names = file.texts(preparedColumns.ids);
    for (let row = 0; row < ids.length; row++) names.append(ids.at(row));
    names.end();
    file.finish(ids.length);
    return sketcher.sketch();
  } finally {
    file.close();
    await stream.close();
  }
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

/** The bytes of a chunk alone, at their places in the table. */
class ChunkSource implements ByteSource {
  readonly bytes = null;
  readonly name: string;
  private readonly path: string;
  private readonly hash = createHash('sha256');
  private found: string | null = null;
  private read: number;

  constructor(
    file: TableFile,
    private readonly chunk: TableChunk,
  ) {
    this.name = nameOf(file);
    this.path = pathOf(file);
    this.read = chunk.start.offset;
  }

  async *pieces(): AsyncGenerator<Buffer> {
    for (const piece of byteRange(this.path, this.read, this.chunk.end)) {
      this.hash.update(piece);
      this.read += piece.length;
      yield piece;
    }
    await Promise.resolve();
  }

  /** Whether they are those that the chunk was cut from; what was not read is read now. */
  isWhole(): boolean {
    if (this.found === null) {
      for (const piece of byteRange(this.path, this.read, this.chunk.end)) this.hash.update(piece);
      this.found = this.hash.digest('hex');
    }
    return this.found === this.chunk.sha256;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
