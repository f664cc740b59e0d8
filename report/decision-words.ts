import type { Pipeline } from '../pipeline/pipeline.js';
import { decidingOf } from '../pipeline/thresholds.js';
import type { CalibrationMethod } from '../tasks/calibration.js';
import type { Objective } from '../tasks/thresholds.js';
import { score } from './notation.js';
import type { RunResult } from './run-result.js';

type Sought = NonNullable<RunResult['objectives']>['perLabel'][string];

/** What a threshold is to reach, in words: the score that is told of it first. */
export function objectiveWords(objective: Objective): string {
  if (objective === 'f1') return 'F1';
  if ('fBeta' in objective) return `F-beta, β = ${objective.fBeta}`;
  if ('precision' in objective) return `recall, with precision at least ${objective.precision}`;
  if ('recall' in objective) return `precision, with recall at least ${objective.recall}`;
  const { falsePositive, falseNegative } = objective.cost;
  return `cost of a row, ${falsePositive} for a false positive and ${falseNegative} for a false negative`;
}

/** Whether what must be held is held. */
export function heldWords({ held }: Sought): string {
  if (held === null) return '';
  if (held.crossFitted) return 'yes';
  return held.tuned ? 'only on the rows it was tuned on' : 'no';
}

/** One row of cells for each label, and the mean where there is one; all of words. */
export function objectiveRows({ objectives, labels }: Pick<RunResult, 'objectives' | 'labels'>): {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
} | null {
  if (objectives === undefined) return null;
  const { macro, perLabel } = objectives;
  const sought = labels.map((label) => [label, perLabel[label]!] as const);
  const holds = sought.some(([, { held }]) => held !== null);
  const rows = sought.map(([label, each]) => [
    label,
    objectiveWords(each.objective),
    ...threeScores(each.score),
    score(each.precision.crossFitted),
    score(each.recall.crossFitted),
    ...(holds ? [heldWords(each)] : []),
  ]);
  const mean = macro === null ? [] : [['mean', '', ...threeScores(macro), '', '', ...(holds ? [''] : [])]];
  return {
    head: [
      'label',
      'sought',
      'at 0.5',
      'tuned',
      'cross-fitted',
      'precision',
      'recall',
      ...(holds ? ['held'] : []),
    ],
    rows: [...rows, ...mean],
  };
}

function threeScores({ atHalf, tuned, crossFitted }: Sought['score']): string[] {
  return [score(atHalf), score(tuned), score(crossFitted)];
}

const methodNames: Readonly<Record<CalibrationMethod, string>> = {
  temperature: 'temperature scaling',
  platt: 'Platt scaling',
  isotonic: 'isotonic regression',
};

type CalibrationScores = NonNullable<RunResult['calibration']>['before']['macro'];

/** What calibration changes: the method, and of each label and of all the scores before and after it. */
export function calibrationRows({ calibration, labels }: Pick<RunResult, 'calibration' | 'labels'>): {
  readonly method: string;
  readonly rows: readonly {
    readonly name: string;
    readonly before: CalibrationScores;
    readonly after: CalibrationScores;
  }[];
} | null {
  if (calibration === undefined) return null;
  const { method, before, after } = calibration;
  return {
    method: methodNames[method],
    rows: [
      ...labels.map((name) => ({ name, before: before.perLabel[name]!, after: after.perLabel[name]! })),
      { name: 'all', before: before.macro, after: after.macro },
    ],
  };
}

/** The same of all labels in a sentence; null without calibration. */
export function calibrationWords(result: Pick<RunResult, 'calibration' | 'labels'>): string | null {
  const table = calibrationRows(result);
  const all = table?.rows.at(-1);
  if (table === null || all === undefined) return null;
  const { before, after } = all;
  const moved = (of: (scores: CalibrationScores) => number): string =>
    `${score(of(before))} to ${score(of(after))}`;
  return `Probabilities are calibrated by ${table.method}. Cross-fitted, that takes the Brier score from ${moved(({ brier }) => brier)}, the calibration error from ${moved((scores) => scores.calibrationError)} and the log loss from ${moved(({ logLoss }) => logLoss)}; less is better.`;
}

/** How the pipeline decides, where it does so otherwise than the reference method: settings with their values. */
export function decisionSettings(pipeline: Pipeline): [name: string, value: string][] {
  const { thresholds: search, calibration } = decidingOf(pipeline);
  const sought = new Set((search?.objectives ?? []).map(objectiveWords));
  const most = 3;
  const objectives = [...sought].slice(0, most).join('; ') + (sought.size > most ? '; …' : '');
  return [
    ...(calibration === undefined ? [] : [['calibration', calibration] as [string, string]]),
    ...(search === undefined ? [] : [['thresholds', search.method] as [string, string]]),
    ...(sought.size === 0 ? [] : [['thresholds for', objectives] as [string, string]]),
  ];
}

/** The same in one line; empty where there is nothing to say. */
export function decisionWords(pipeline: Pipeline): string {
  return decisionSettings(pipeline)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ');
}
