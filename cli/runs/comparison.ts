import type { RunResult } from '../../report/run-result.js';

type Score = 'atHalf' | 'tuned' | 'crossFitted';

/** A score of two runs; null where a run does not have it. */
export interface ScorePair {
  /** A label, or `macro`. */
  readonly name: string;
  readonly score: Score;
  readonly first: number | null;
  readonly second: number | null;
  /** second − first */
  readonly change: number | null;
}

/** A setting that two runs do not share, by its path in the pipeline. */
export interface SettingPair {
  readonly path: string;
  readonly first: unknown;
  readonly second: unknown;
}

export interface Comparison {
  readonly runs: readonly [string, string];
  readonly scores: readonly ScorePair[];
  readonly settings: readonly SettingPair[];
}

const scores: readonly Score[] = ['atHalf', 'tuned', 'crossFitted'];

/** How two runs differ in what they reached and in how they were set up. */
export function compareResults(first: RunResult, second: RunResult): Comparison {
  const labels = [...new Set([...first.labels, ...second.labels])];
  return {
    runs: [first.run, second.run],
    scores: [
      ...scores.map((score) => pair('macro', score, first.macroF1, second.macroF1)),
      ...labels.flatMap((label) =>
        scores.map((score) => pair(label, score, first.perLabel[label], second.perLabel[label])),
      ),
    ],
    settings: differences(first.configuration, second.configuration, ''),
  };
}

function pair(
  name: string,
  score: Score,
  first: Readonly<Record<Score, number>> | undefined,
  second: Readonly<Record<Score, number>> | undefined,
): ScorePair {
  const before = first?.[score] ?? null;
  const after = second?.[score] ?? null;
  const change = before === null || after === null ? null : after - before;
  return { name, score, first: before, second: after, change };
}

function differences(first: unknown, second: unknown, path: string): SettingPair[] {
  if (!isMap(first) || !isMap(second)) {
    return JSON.stringify(first) === JSON.stringify(second) ? [] : [{ path, first, second }];
  }
  const keys = [...new Set([...Object.keys(first), ...Object.keys(second)])];
  return keys.flatMap((key) => differences(first[key], second[key], path === '' ? key : `${path}.${key}`));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
