import { drawRows } from '../../activities/tables/score-table.js';
import { drawingGroups } from '../../metrics/bootstrap.js';
import { differencesOf } from '../../metrics/difference.js';
import { support } from '../../metrics/f1.js';
import { selectRows } from '../../metrics/matrix.js';
import type { ComparedRun, Comparison, RunPair } from '../../report/comparison/comparison.js';
import type { RunResult } from '../../report/run-result.js';
import { differingValues } from './differing.js';
import type { JudgedRun } from './judged-run.js';
import { sharedGroups } from './shared-groups.js';
import { sharedRows } from './shared-rows.js';

/**
 * Holds runs against the first of them, each over the rows and labels that the two share.
 *
 * @throws InputFault for a run that shares nothing with the first
 */
export function compareRuns(runs: readonly [JudgedRun, ...JudgedRun[]]): Comparison {
  const [base, ...others] = runs;
  const results = runs.map(({ result }) => result);
  return {
    runs: results.map(comparedRun),
    pairs: others.map((run) => pairOf(base, run)),
    settings: differingValues(results.map(({ configuration }) => configuration)),
    versions: differingValues(results.map(({ versions }) => versions)),
  };
}

function comparedRun(result: RunResult): ComparedRun {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    result,
    seconds: sum(Object.values(result.seconds)),
    trainingSeconds: sum(result.folds.map(({ seconds }) => seconds)),
  };
}

function pairOf(base: JudgedRun, run: JudgedRun): RunPair {
  const shared = sharedRows(base, run);
  const { labels: names } = shared;
  const groups = sharedGroups(base, run, shared);
  const width = names.length;
  const labels = columnsOf(base, 'truth', names, shared.base);
  const told = differencesOf(
    {
      labels,
      base: columnsOf(base, 'decided', names, shared.base),
      decided: columnsOf(run, 'decided', names, shared.run),
      width,
    },
    groups === null ? drawRows : drawingGroups(drawRows, groups),
  )!;
  const supports = support(labels, width);
  const ofBase = base.result.labels.filter((label) => names.includes(label));
  return {
    base: base.result.run,
    run: run.result.run,
    rows: shared.counts,
    groups: groups === null ? null : new Set(groups).size,
    labels: {
      shared: ofBase,
      onlyBase: base.result.labels.filter((label) => !names.includes(label)),
      onlyRun: run.result.labels.filter((label) => !names.includes(label)),
    },
    macro: told.macro,
    perLabel: ofBase.map((label) => {
      const place = names.indexOf(label);
      return { label, support: supports[place]!, ...told.perLabel[place]! };
    }),
  };
}

/** Some rows and labels of a run's matrix. */
function columnsOf(
  run: JudgedRun,
  matrix: 'truth' | 'decided',
  labels: readonly string[],
  rows: Int32Array,
): Uint8Array {
  const all = run.result.labels;
  const chosen = selectRows(run[matrix], all.length, rows);
  const places = labels.map((label) => all.indexOf(label));
  return Uint8Array.from({ length: rows.length * labels.length }, (_, entry) => {
    const row = Math.floor(entry / labels.length);
    return chosen[row * all.length + places[entry % labels.length]!]!;
  });
}
