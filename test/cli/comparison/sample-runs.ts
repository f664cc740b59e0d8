import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { groupsFile, memberOofFile } from '../../../activities/records.js';
import { groupLines, oofLines } from '../../../data/results.js';
import { unlearnt } from '../../../metrics/nested.js';
import type { RunResult } from '../../../report/run-result.js';
import { tasks } from '../../../tasks/index.js';
import type { TaskName } from '../../../tasks/task.js';
import { drawnByRule, seeded } from '../../metrics/cases.js';
import { sampleReport } from '../../report/sample.js';

/** A made-up run, of rows whose truth follows from their ids. */
export interface SampleRun {
  readonly run: string;
  readonly labels?: readonly string[];
  readonly ids?: readonly string[];
  /** How much it knows: at 0 nothing. */
  readonly skill?: number;
  readonly seed?: number;
  readonly task?: TaskName;
  /** Rows without a prediction, as of a fold that was skipped: those of this fold. */
  readonly skipped?: number;
  /** Turns the truth of rows. */
  readonly relabelled?: (id: string) => boolean;
  readonly changes?: Partial<RunResult>;
  /** Rows are held out by groups: which one a row is of, by its place. */
  readonly groupOf?: (row: number) => number;
  /** In place of `r0`, `r1` …: the pipeline names no id column. */
  readonly numbered?: boolean;
}

const foldCount = 5;
export const manyIds = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, row) => `r${from + row}`);

/** A workdir of runs that were never made. */
export async function sampleWorkdir(runs: readonly SampleRun[]): Promise<string> {
  const workdir = await mkdtemp(join(tmpdir(), 'foldwise-compare-'));
  for (const run of runs) await writeSampleRun(workdir, run);
  return workdir;
}

export async function writeSampleRun(workdir: string, sample: SampleRun): Promise<string> {
  const { result, csv } = sampleRun(sample);
  const directory = join(workdir, 'runs', sample.run);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'result.json'), JSON.stringify(result));
  await writeFile(join(directory, 'oof.csv'), csv);
  if (sample.groupOf !== undefined) {
    const groups = Array.from({ length: result.rows.train }, (_, row) => sample.groupOf!(row));
    await writeFile(join(directory, groupsFile), [...groupLines(groups)].join(''));
  }
  for (const id of Object.keys(result.ensemble?.weights ?? {}))
    await writeFile(join(directory, memberOofFile(id)), csv);
  return directory;
}

function sampleRun(sample: SampleRun): { result: RunResult; csv: string } {
  const { run, labels = ['joy', 'fear', 'anger'], task = 'multi-label', skill = 0.6, seed = 1 } = sample;
  const { numbered = false, skipped = 0, changes = {} } = sample;
  const count = sample.ids?.length ?? 120;
  const ids =
    sample.ids ?? (numbered ? Array.from({ length: count }, (_, row) => String(row)) : manyIds(count));
  const next = seeded(seed);
  const width = labels.length;
  const folds = ids.map((_, row) => 1 + (row % foldCount));
  const truth = Uint8Array.from(
    ids.flatMap((id) => truthOf(id, labels, task, sample.relabelled?.(id) ?? false)),
  );
  const logits = Float32Array.from(truth, (label) => skill * (label - 0.5) + 2 * (next() - 0.5));
  const probabilities = tasks[task]
    .activate(logits, width)
    .map((p, entry) => (folds[Math.floor(entry / width)] === skipped ? NaN : p));
  const scores = tasks[task].scoreOutOfFold(
    unlearnt(probabilities),
    truth,
    Int32Array.from(folds),
    width,
    drawnByRule,
  );
  const byLabel = <T>(values: readonly T[]): Record<string, T> =>
    Object.fromEntries(labels.map((label, place) => [label, values[place]!]));
  const { result } = sampleReport({ labels, rows: count });
  const { id, ...data } = result.configuration.data;
  const { assessment, classes } = scores;
  return {
    result: {
      ...result,
      run,
      rows: { train: count, test: null },
      macroF1: scores.macroF1,
      thresholds: byLabel(scores.thresholds),
      perLabel: byLabel(scores.perLabel),
      ...(classes === undefined ? {} : { classes }),
      ...(assessment === undefined
        ? {}
        : { assessment: { ...assessment, perLabel: byLabel(assessment.perLabel) } }),
      skippedFolds: skipped === 0 ? [] : [skipped],
      rowsWithoutOof: scores.rowsWithoutOof,
      configuration: { ...result.configuration, task, data: numbered ? data : { ...data, id: id! } },
      ...changes,
    },
    csv: [
      ...oofLines({
        id: 'id',
        ids: { length: ids.length, lists: () => [[...ids]] },
        folds,
        labels,
        truth,
        probabilities,
      }),
    ].join(''),
  };
}

/** The same for a row in every run. */
function truthOf(id: string, labels: readonly string[], task: TaskName, turned: boolean): number[] {
  const row = Number(id.replace(/\D/g, ''));
  const place = (row * 7 + (turned ? 1 : 0)) % labels.length;
  if (task === 'single-label') return labels.map((_, label) => Number(label === place));
  return labels.map((label) => {
    const draw = seeded(row * 31 + label.length)();
    return Number(draw < 0.35) ^ Number(turned);
  });
}
