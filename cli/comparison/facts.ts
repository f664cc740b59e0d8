import type { z } from 'zod';
import { foldTotal } from '../../pipeline/folds.js';
import { axesOf, memberCount } from '../../pipeline/matrix.js';
import type { Comparison, ComparedRun } from '../../report/comparison/comparison.js';
import type { RunResult } from '../../report/run-result.js';
import type { comparisonSchema } from '../facts/comparison.js';
import { dataFacts } from '../runs/data-facts.js';
import type { Facts } from '../terminal/console.js';

type ComparisonFacts = Facts<z.input<typeof comparisonSchema>>;

/** A comparison for programs. */
export function comparisonFacts({ runs, pairs, settings, versions }: Comparison): ComparisonFacts {
  const results = runs.map(({ result }) => result);
  return {
    runs: results.map(({ run }) => run),
    facts: runs.map(runFacts),
    pairs: pairs.map((pair) => ({
      ...pair,
      macro: { ...pair.macro, interval: intervalFacts(pair.macro.interval) },
      perLabel: pair.perLabel.map((each) => ({ ...each, interval: intervalFacts(each.interval) })),
    })),
    scores: scoreFacts(results),
    settings: settings.map(({ path, values }) => ({ path, values, first: values[0], second: values[1] })),
    versions,
  };
}

function runFacts({ result, seconds, trainingSeconds }: ComparedRun): ComparisonFacts['facts'][number] {
  const { run, pipeline, macroF1, assessment, configuration } = result;
  return {
    run,
    pipeline,
    data: dataFacts(result),
    crossFitted: macroF1.crossFitted,
    interval: intervalFacts(assessment?.macro.intervals.crossFitted),
    folds: foldTotal(configuration.folds),
    members: memberCount(axesOf(configuration)),
    seconds,
    trainingSeconds,
  };
}

/** An interval that is not defined has no ends. */
function intervalFacts(interval: readonly [number, number] | undefined): readonly number[] | null {
  return interval === undefined || interval.some(Number.isNaN) ? null : interval;
}

const ways = ['atHalf', 'tuned', 'crossFitted'] as const;

/** The macro scores of each run, then those of each label that any of them has. */
function scoreFacts(results: readonly RunResult[]): ComparisonFacts['scores'] {
  const labels = [...new Set(results.flatMap((result) => result.labels))];
  const of = (name: string, scores: (result: RunResult) => RunResult['macroF1'] | undefined) =>
    ways.map((score) => {
      const values = results.map((result) => scores(result)?.[score] ?? null);
      const [first = null, second = null] = values;
      return {
        name,
        score,
        values,
        first,
        second,
        change: first === null || second === null ? null : second - first,
      };
    });
  return [
    ...of('macro', ({ macroF1 }) => macroF1),
    ...labels.flatMap((label) =>
      of(label, ({ perLabel }) => (Object.hasOwn(perLabel, label) ? perLabel[label] : undefined)),
    ),
  ];
}
