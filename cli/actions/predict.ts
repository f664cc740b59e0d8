import { resolve } from 'node:path';
import type { Services } from '../../activities/services.js';
import { formatOf, type TextFormat } from '../../data/text-stream/format.js';
import { fileSource, streamSource, type ByteSource } from '../../data/text-stream/source.js';
import { processor } from '../../engine/device/device.js';
import { inInt8 } from '../../ensemble/in-int8.js';
import { withColumns } from '../../ensemble/other-columns.js';
import { withThresholds, type OtherThresholds } from '../../ensemble/other-thresholds.js';
import { InputFault } from '../../errors/fault.js';
import { schemeOf } from '../../pipeline/location.js';
import { count } from '../../report/notation.js';
import { sweepTemporaryFiles } from '../../store/temporary-file.js';
import { scoringDevice } from '../../worker/devices/scoring.js';
import { deviceWords } from '../../worker/devices/usable.js';
import { createServices } from '../../worker/services.js';
import { exitCodes } from '../exit-codes.js';
import { predictedTableSchema } from '../facts/tables.js';
import { Interrupted } from '../failure.js';
import { onInterrupt } from '../host/interrupt.js';
import type { GlobalOptions, JsonOption, OneDeviceOption } from '../options.js';
import { otherColumns, type ColumnOptions } from '../predict/columns.js';
import { commandDigest } from '../predict/command-digest.js';
import type { OutputFormat } from '../predict/output-formats.js';
import { streamOutput, type PredictionOutput } from '../predict/prediction-output.js';
import { predictStream } from '../predict/predict-stream.js';
import { ResumableFile } from '../predict/resumable-file.js';
import { ensembleAt } from '../runs/ensemble-at.js';
import { printJson, type Console } from '../terminal/console.js';
import { openPredictionDisplay } from '../terminal/prediction-progress.js';
import { workdirAt } from '../workdir.js';

interface PredictOptions extends GlobalOptions, JsonOption, ColumnOptions, OneDeviceOption {
  readonly format?: TextFormat;
  readonly output?: string;
  readonly outputFormat?: OutputFormat;
  readonly probabilities?: boolean;
  readonly threshold?: OtherThresholds;
  readonly int8?: boolean;
  readonly resume?: boolean;
  readonly force?: boolean;
}

/** In place of a file: standard input or output. */
const stream = '-';

export async function predict(
  console: Console,
  options: PredictOptions,
  name: string,
  file: string,
): Promise<void> {
  const workdir = workdirAt(options.workdir);
  const stored = withColumns(await ensembleAt(name, workdir), otherColumns(options));
  const own = options.int8 === true ? { ...stored, definition: inInt8(stored, name) } : stored;
  const written = writtenTable(options);
  if (options.threshold !== undefined && written.probabilities && written.format === 'csv') throw undecided();
  const ensemble =
    options.threshold === undefined
      ? own
      : { ...own, definition: withThresholds(own.definition, options.threshold) };
  const device = await scoringDevice(options.device, own.definition.precision ?? 'float32', {
    onMessage: (text) => console.note(text),
  });
  const services = createServices({
    workdir: workdir.path,
    roots: null,
    usable: [device],
    searchAttributes: false,
  });
  await sweepTemporaryFiles(services.scratch);
  const format = options.format ?? formatOf(file) ?? 'csv';
  const digest = await commandDigest(ensemble, {
    read: format,
    written: written.format,
    probabilities: written.probabilities,
    engine: services.engineSignature(services.threads, device.name),
  });
  const source = await sourceOf(file, services);
  const output = await openOutput(options, written.target, digest);
  const from = { rows: output.from?.rows ?? 0, bytes: output.from?.input.bytes ?? 0 };
  if (from.rows > 0) console.note(`goes on behind row ${count(from.rows)}`);
  const display = openPredictionDisplay(console, source.bytes, from);
  const interrupt = onInterrupt(
    () => process.stdin.destroy(),
    () => undefined,
  );
  try {
    const { rows, resumed, models, warnings } = await predictStream(services, {
      ensemble,
      source,
      format,
      output,
      written,
      device: device.name,
      signal: interrupt.signal,
      onProgress: (progress) => display.update(progress),
    });
    display.close();
    if (options.json === true && written.target !== null) {
      const { kind, format } = written;
      const facts = {
        run: ensemble.run,
        output: written.target,
        kind,
        format,
        rows,
        resumed,
        models,
        device: device.name,
        warnings,
      };
      return printJson(console, predictedTableSchema, facts);
    }
    for (const warning of warnings) console.note(`warning: ${warning}`);
    const where = device.name === processor ? '' : ` on ${deviceWords(device)}`;
    const done = `${count(rows)} rows, by ${modelCount(models)}${where}`;
    if (written.target === null) console.note(done);
    else console.print(`${written.target}: ${done}`);
  } catch (error) {
    display.close();
    const kept = await output.abandon();
    // Nobody reads it any more, which is told by the exit code alone.
    if (process.exitCode === exitCodes.pipeClosed) return;
    const hint = `${count(kept)} rows are done; the same command with --resume goes on behind them`;
    if (interrupt.signal.aborted)
      throw new Interrupted(kept > 0 ? `stopped: ${hint}` : 'stopped before any row was done');
    if (kept > 0) console.note(hint);
    throw error;
  } finally {
    interrupt.close();
  }
}

/** A file is called as it was named. */
async function sourceOf(table: string, { tableFiles }: Pick<Services, 'tableFiles'>): Promise<ByteSource> {
  if (table === stream) return streamSource('standard input', process.stdin);
  return fileSource(schemeOf(table) === null ? table : await tableFiles.open(table, { where: 'the table' }));
}

interface Written {
  /** Null: standard output. */
  readonly target: string | null;
  readonly kind: 'submission' | 'predictions';
  readonly format: OutputFormat;
  readonly probabilities: boolean;
}

function writtenTable({ output, outputFormat, probabilities = false }: PredictOptions): Written {
  const kind = probabilities ? 'predictions' : 'submission';
  const named = output === undefined ? undefined : formatOf(output);
  const format = outputFormat ?? (named === 'jsonl' ? 'jsonl' : 'csv');
  if (outputFormat === undefined && named === 'tsv') throw noTabs(output!);
  const target = output === stream ? null : resolve(output ?? `${kind}.${format}`);
  return { target, kind, format, probabilities };
}

async function openOutput(
  { json = false, resume = false, force = false }: PredictOptions,
  target: string | null,
  command: string,
): Promise<PredictionOutput> {
  if (target !== null) return ResumableFile.open({ target, command, resume, force });
  if (json) throw oneStream();
  if (resume) throw noFile();
  return streamOutput(process.stdout);
}

function undecided(): InputFault {
  return new InputFault({
    where: '--threshold',
    what: 'probabilities are written as they are, whatever the thresholds',
    remedy: 'Leave out --threshold, or --probabilities, or write JSON lines, which hold both.',
  });
}

function noTabs(output: string): InputFault {
  return new InputFault({
    where: output,
    what: 'what is predicted is not written as TSV',
    expected: 'the name of a .csv or .jsonl, or --output-format',
  });
}

function oneStream(): InputFault {
  return new InputFault({
    where: 'standard output',
    what: 'the table and the facts of --json would both go there',
    remedy: 'Write the table into a file.',
  });
}

function noFile(): InputFault {
  return new InputFault({
    where: '--resume',
    what: 'standard output does not tell how far it is',
    remedy: 'Write the table into a file.',
  });
}

function modelCount(models: number): string {
  return models === 1 ? '1 model' : `${models} models`;
}
