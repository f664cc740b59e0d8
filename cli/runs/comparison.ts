import { from, type ColumnTable } from 'arquero';
import { isMap } from '../../pipeline/configuration.js';
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
  // By the columns that both have: name and score.
  const joined = scoreTable(first)
    .rename({ value: 'first' })
    .join_full(scoreTable(second).rename({ value: 'second' }));
  return {
    runs: [first.run, second.run],
    scores: (joined.objects() as ScoreRow[]).map(scorePair),
    settings: differences(first.configuration, second.configuration, ''),
  };
}

/** A row for each score of a run: its macro scores, then those of each label. */
function scoreTable({ labels, macroF1, perLabel }: RunResult): ColumnTable {
  const of = (name: string, values: Readonly<Record<Score, number>> | undefined) =>
    scores.map((score) => ({ name, score, value: values?.[score] ?? null }));
  return from([...of('macro', macroF1), ...labels.flatMap((label) => of(label, perLabel[label]))]);
}

/** A score of one run alone leaves the other's place open. */
interface ScoreRow {
  readonly name: string;
  readonly score: Score;
  readonly first?: number | null;
  readonly second?: number | null;
}

function scorePair({ name, score, first = null, second = null }: ScoreRow): ScorePair {
  return { name, score, first, second, change: first === null || second === null ? null : second - first };
}

function differences(first: unknown, second: unknown, path: string): SettingPair[] {
  if (!isMap(first) || !isMap(second)) {
    return JSON.stringify(first) === JSON.stringify(second) ? [] : [{ path, first, second }];
  }
  const keys = [...new Set([...Object.keys(first), ...Object.keys(second)])];
  return keys.flatMap((key) => differences(first[key], second[key], path === '' ? key : `${path}.${key}`));
}
