import { bootstrapIntervals, confidence, countOutcomes, outcomesOf } from './bootstrap.js';
import type { DrawRows, Interval } from './bootstrap.js';
import { f1OfOutcomes } from './f1.js';
import { noSkill, type NoSkill } from './no-skill.js';

/** `better`: shown to be more than no skill. `untold` of a label that never occurs. */
export type Verdict = 'better' | 'not-shown' | 'untold';

/** How far a score is to be trusted, and whether it is more than nothing. */
export interface Standing {
  /** Of the scores that are not flattered; NaN of a label that never occurs. */
  readonly intervals: { readonly atHalf: Interval; readonly crossFitted: Interval };
  readonly noSkill: NoSkill;
  /** The cross-fitted score less the better one of no skill, of the same rows. */
  readonly overNoSkill: { readonly difference: number; readonly interval: Interval };
  /** By whether that interval lies above 0. */
  readonly verdict: Verdict;
}

/** What was decided of rows in two ways, `[rows, width]`, 0 or 1. */
export interface Decided {
  readonly atHalf: Uint8Array;
  readonly crossFitted: Uint8Array;
}

/** A score of all labels together, from the counts of outcomes. */
export interface JointScore {
  readonly score: (counts: Float64Array, decision: Decision) => number;
  readonly noSkill: (counts: Float64Array) => NoSkill;
}

/** Which decision an F1 is of, by its bit of an outcome (see bootstrap.ts). */
type Decision = (typeof decisions)[keyof typeof decisions];
const decisions = { crossFitted: 0, atHalf: 1 } as const;

/** How many outcomes those two have. */
const kinds = 8;

/** F1 of each label alone, as of a yes or no. */
function labelScore(label: number, width: number): JointScore {
  const start = label * kinds;
  return {
    score: (counts, decision) => f1OfOutcomes(counts, start, kinds, decision),
    noSkill: (counts) => noSkill(positivesOf(counts, label), counts[width * kinds]!),
  };
}

/** Mean F1 of the labels, by a no skill of its own. */
export function macroScore(width: number, noSkill: JointScore['noSkill']): JointScore {
  return {
    score: (counts, decision) => {
      let sum = 0;
      for (let label = 0; label < width; label++) sum += f1OfOutcomes(counts, label * kinds, kinds, decision);
      return sum / width;
    },
    noSkill,
  };
}

/** Rows of which a label is true. */
export function positivesOf(counts: Float64Array, label: number): number {
  let rows = 0;
  for (let outcome = 1; outcome < kinds; outcome += 2) rows += counts[label * kinds + outcome]!;
  return rows;
}

/** Rows that a decision gives a label that is true. */
export function hitsOf(counts: Float64Array, label: number, decision: Decision): number {
  let rows = 0;
  for (let outcome = 1; outcome < kinds; outcome += 2) {
    if ((outcome & (2 << decision)) !== 0) rows += counts[label * kinds + outcome]!;
  }
  return rows;
}

/**
 * The standing of each label's F1, and of scores of all labels together. Their intervals are those of one
 * bootstrap. In a resample where a label neither occurs nor is decided its F1 is 0, as it is in every score.
 *
 * @param labels `[rows, width]`, of at least one row
 */
export function standings(
  labels: Uint8Array,
  decided: Decided,
  width: number,
  joint: readonly JointScore[],
  draw: DrawRows,
): { readonly perLabel: readonly Standing[]; readonly joint: readonly Standing[] } {
  const outcomes = outcomesOf(labels, [decided.crossFitted, decided.atHalf], width, draw);
  const scores = [...Array.from({ length: width }, (_, label) => labelScore(label, width)), ...joint];
  const values = new Float64Array(3 * scores.length);
  const statistics = (counts: Float64Array): Float64Array => {
    scores.forEach(({ score, noSkill: by }, index) => {
      const [crossFitted, { always, guess }] = [score(counts, decisions.crossFitted), by(counts)];
      values.set(
        [score(counts, decisions.atHalf), crossFitted, crossFitted - Math.max(always, guess)],
        3 * index,
      );
    });
    return values;
  };
  const intervals = bootstrapIntervals(outcomes, draw, statistics);
  const counts = countOutcomes(outcomes);
  const observed = statistics(counts).slice();
  const all = scores.map(({ noSkill: by }, index) => {
    const interval = intervals[3 * index + 2]!;
    const overNoSkill = { difference: observed[3 * index + 2]!, interval };
    return {
      intervals: { atHalf: intervals[3 * index]!, crossFitted: intervals[3 * index + 1]! },
      noSkill: by(counts),
      overNoSkill,
      verdict: interval[0] > 0 ? ('better' as const) : ('not-shown' as const),
    };
  });
  return {
    perLabel: all.slice(0, width).map((standing, label) => ofLabel(standing, counts, label)),
    joint: all.slice(width),
  };
}

/** Of a label that never occurs nothing is told; of one that is decided without fault or hit, as below. */
function ofLabel(standing: Standing, counts: Float64Array, label: number): Standing {
  const none: Interval = [NaN, NaN];
  const interval = (decision: Decision, bootstrapped: Interval): Interval =>
    exactAtTheEnds(counts, label, decision) ?? bootstrapped;
  if (positivesOf(counts, label) === 0) {
    return {
      ...standing,
      intervals: { atHalf: none, crossFitted: none },
      overNoSkill: { difference: standing.overNoSkill.difference, interval: none },
      verdict: 'untold',
    };
  }
  const { atHalf, crossFitted } = standing.intervals;
  return {
    ...standing,
    intervals: {
      atHalf: interval(decisions.atHalf, atHalf),
      crossFitted: interval(decisions.crossFitted, crossFitted),
    },
  };
}

/**
 * The interval of an F1 of 0 or 1, which every resample repeats: no sample holds what it never saw. Of the rows
 * where a label is true or given, the share of those where it is both is binomial, and F1 follows from it; so the
 * exact bound is known (Clopper and Pearson, "The use of confidence or fiducial limits", 1934).
 */
function exactAtTheEnds(counts: Float64Array, label: number, decision: Decision): Interval | null {
  const hits = hitsOf(counts, label, decision);
  let either = 0;
  for (let outcome = 1; outcome < kinds; outcome++) {
    if ((outcome & (1 | (2 << decision))) !== 0) either += counts[label * kinds + outcome]!;
  }
  const bound = ((1 - confidence) / 2) ** (1 / either);
  const f1 = (share: number): number => (2 * share) / (1 + share);
  if (hits === 0) return [0, f1(1 - bound)];
  return hits === either ? [f1(bound), 1] : null;
}
