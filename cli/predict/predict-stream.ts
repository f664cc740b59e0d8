import { withModelScores } from '../../activities/ensemble.js';
import { withScratch } from '../../activities/scratch.js';
import type { Services } from '../../activities/services.js';
import { predictionsOf } from '../../activities/tables/submission.js';
import { jsonLines, type JsonRow } from '../../data/json-results.js';
import { predictionLines, submissionLines, withoutHeader, type PredictedRow } from '../../data/results.js';
import { DistinctIds } from '../../data/text-stream/distinct-ids.js';
import type { TextFormat } from '../../data/text-stream/format.js';
import { PrefixDigest } from '../../data/text-stream/prefix-digest.js';
import type { ByteSource } from '../../data/text-stream/source.js';
import { TextStream, type StreamedRow } from '../../data/text-stream/text-stream.js';
import type { DeviceName } from '../../engine/device/device.js';
import { ScoredTogether } from '../../engine/inference/scored-together.js';
import { modelsOf } from '../../ensemble/definition.js';
import type { StoredEnsemble } from '../../ensemble/stored-ensemble.js';
import { InputFault } from '../../errors/fault.js';
import { idColumn } from '../../pipeline/pipeline.js';
import { count } from '../../report/notation.js';
import type { OutputFormat } from './output-formats.js';
import type { PredictionOutput } from './prediction-output.js';
import { RowSpool } from './row-spool.js';

export interface StreamRequest {
  readonly ensemble: StoredEnsemble;
  readonly source: ByteSource;
  readonly format: TextFormat;
  readonly output: PredictionOutput;
  readonly written: WrittenTable;
  /** What computes. Default the processor. */
  readonly device?: DeviceName;
  readonly signal: AbortSignal;
  /** Default: as a run cuts its rows. */
  readonly together?: ScoredTogether;
  readonly onProgress?: (progress: StreamProgress) => void;
}

/** What a table of predictions has. */
export interface WrittenTable {
  readonly format: OutputFormat;
  readonly probabilities: boolean;
}

/** How far it is; rows that were there before it went on count. */
export interface StreamProgress {
  /** Rows whose scores are there. */
  readonly rows: number;
  /** Bytes of the table up to these. */
  readonly bytes: number;
}

export interface PredictedStream {
  readonly rows: number;
  /** Rows that were there before it went on. */
  readonly resumed: number;
  readonly models: number;
  readonly warnings: readonly string[];
}

type StreamServices = Pick<Services, 'predictor' | 'tables' | 'slots' | 'threads' | 'scratch'>;

/**
 * Predicts a table of any length as a run predicts its own test rows: rows are read, and scored and written in the
 * groups that a run scores together.
 */
export function predictStream(services: StreamServices, request: StreamRequest): Promise<PredictedStream> {
  return withScratch(services, ['rows'], ({ rows }) => new Prediction(services, request, rows).run());
}

class Prediction {
  private readonly prefix = new PrefixDigest();
  private readonly ids = new DistinctIds();
  private readonly together: ScoredTogether;
  private spool: RowSpool | null = null;
  /** Behind the last row that was read, and behind the last one that was written. */
  private read = { rows: 0, offset: 0 };
  private written = { rows: 0, offset: 0 };
  private empty = 0;

  constructor(
    private readonly services: StreamServices,
    private readonly request: StreamRequest,
    private readonly path: string,
  ) {
    this.together = request.together ?? new ScoredTogether();
  }

  async run(): Promise<PredictedStream> {
    const { source, format, ensemble, output, signal } = this.request;
    const { definition } = ensemble;
    const labelled = { labels: definition.labels, namedIn: 'command' } as const;
    const columns = { id: undefined, ...ensemble.columns, ...labelled };
    const stream = await TextStream.open(this.prefix.of(source), { format, columns });
    try {
      for await (const rows of stream.rows()) {
        signal.throwIfAborted();
        for (const row of rows) await this.take(row, stream);
        this.prefix.advance(this.read.offset);
      }
      await this.score();
    } finally {
      this.spool?.close();
      await stream.close();
    }
    const { rows } = this.read;
    const { from } = output;
    if (rows === 0) throw noRows(source.name);
    if (from !== null && from.rows > rows) throw otherTable(source.name);
    await output.finish();
    return {
      rows,
      resumed: from?.rows ?? 0,
      models: modelsOf(definition).length,
      warnings: [...stream.warnings, ...this.warnings(source.name)],
    };
  }

  private async take(row: StreamedRow, stream: TextStream): Promise<void> {
    const { rows, offset } = row.end;
    if (stream.layout.id !== null) this.requireNew(row, stream);
    if (row.text.trim() === '') this.empty++;
    if (this.together.begins(rows - 1, row.text)) await this.score();
    this.read = { rows, offset };
    const { from } = this.request.output;
    if (from === null || rows > from.rows) {
      this.spool ??= new RowSpool(this.path);
      this.spool.append(row);
    } else if (rows === from.rows) {
      this.prefix.advance(offset);
      if (from.input.bytes !== offset || from.input.sha256 !== this.prefix.digest())
        throw otherTable(this.request.source.name);
      this.written = this.read;
      this.tell(0);
    }
  }

  private requireNew(row: StreamedRow, stream: TextStream): void {
    const before = this.ids.add(row.id, row.end.rows);
    if (before === null) return;
    throw stream.faultOf(row, {
      what: `the id is the same as in row ${before}`,
      expected: 'a different id in every row',
      remedy: 'Remove one of the rows.',
    });
  }

  /** Scores and writes the rows that wait. */
  private async score(): Promise<void> {
    const { spool } = this;
    if (spool === null) return;
    const { ensemble, output, device, signal } = this.request;
    const { threads } = this.services;
    spool.end();
    const request = {
      ensemble: ensemble.definition,
      table: spool.path,
      threads,
      device,
      signal,
      onRows: (rows: number) => this.tell(rows),
    };
    await withModelScores(this.services, request, async (scored) => {
      const predicted = predictionsOf(scored, { ids: spool.idTexts() });
      try {
        for (const text of pieces(this.lines(spool, predicted.rows()))) await output.write(text);
      } finally {
        predicted.close();
      }
    });
    this.prefix.advance(this.read.offset);
    const { rows, offset } = (this.written = this.read);
    await output.reached({ rows, input: { bytes: offset, sha256: this.prefix.digest() } });
    this.spool = null;
    this.tell(0);
  }

  private lines(spool: RowSpool, predicted: Iterable<PredictedRow>): Iterable<string> {
    const { ensemble, written } = this.request;
    const { labels } = ensemble.definition;
    const { target } = ensemble.columns;
    const id = idColumn(ensemble.columns);
    if (written.format === 'jsonl') {
      const { probabilities } = written;
      return jsonLines({ id, labels, probabilities, rows: withForms(spool, predicted) });
    }
    const lines = written.probabilities
      ? predictionLines({ id, labels, rows: predicted })
      : submissionLines({ id, labels, target, rows: predicted });
    return this.written.rows === 0 ? lines : withoutHeader(lines);
  }

  /** @param rows of those that wait, of how many the scores are there */
  private tell(rows: number): void {
    const waiting = this.read.rows - this.written.rows;
    const bytes = waiting === 0 ? 0 : (rows / waiting) * (this.read.offset - this.written.offset);
    this.request.onProgress?.({ rows: this.written.rows + rows, bytes: this.written.offset + bytes });
  }

  private warnings(name: string): string[] {
    const { rows } = this.read;
    return [
      ...(this.empty > 0 ? [`${name}: ${count(this.empty)} of ${count(rows)} texts are empty.`] : []),
      ...(this.ids.isFull
        ? [`${name}: that an id is there twice was looked for in the first ${count(this.ids.most)} alone.`]
        : []),
    ];
  }
}

function* withForms(spool: RowSpool, rows: Iterable<PredictedRow>): Iterable<JsonRow> {
  let place = 0;
  for (const row of rows) yield { ...row, idIsNumber: spool.isNumber(place++) };
}

const pieceCharacters = 1 << 18;

/** Lines together, so that few are written at a time and not each by itself. */
function* pieces(lines: Iterable<string>): Iterable<string> {
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length < pieceCharacters) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

function noRows(file: string): InputFault {
  return new InputFault({ where: file, what: 'there is a header but no rows', expected: 'at least one row' });
}

function otherTable(file: string): InputFault {
  return new InputFault({
    where: file,
    what: 'its beginning is not that of the table whose prediction was cut off',
    expected: 'the rows that are done already, unchanged',
    remedy: 'Give the same table, or begin anew with --force and without --resume.',
  });
}
