import { averagedScores, type AveragedScores } from './averages.js';
import type { DrawRows } from './bootstrap.js';
import { classesOf } from './classes.js';
import { noSkill, type NoSkill } from './no-skill.js';
import {
  classProbabilityScores,
  meanProbabilityScores,
  probabilityScores,
  type ProbabilityScores,
} from './probability-scores.js';
import { hitsOf, macroScore, positivesOf, standings, type Decided, type Standing } from './standing.js';

/** What there is to know of scores besides themselves: how sure they are, and what else was measured. */
export interface Assessment {
  readonly macro: Standing & ProbabilityScores;
  readonly perLabel: readonly (Standing & ProbabilityScores)[];
  /** Of all labels together; of rows with one class each, only what is not the accuracy by another name. */
  readonly averages: Readonly<Partial<Record<keyof AveragedScores, ThreeScores>>>;
  /** Of rows with one class each. */
  readonly accuracy?: Standing;
}

/** A score of the three ways of deciding (see out-of-fold.ts). */
export interface ThreeScores {
  readonly atHalf: number;
  readonly tuned: number;
  readonly crossFitted: number;
}

/** Rows that were judged, and what was decided of them: `[rows, width]` each. */
export interface Judged extends Decided {
  readonly labels: Uint8Array;
  /** By which `atHalf` and `crossFitted` were decided, or which the folds that decided gave. */
  readonly probabilities: Float32Array;
  readonly tuned: Uint8Array;
}

/** Of rows with any number of labels; null where there is no row. */
export function assessLabels(judged: Judged, width: number, draw: DrawRows): Assessment | null {
  const { labels, probabilities } = judged;
  if (labels.length === 0) return null;
  const byLabel = (counts: Float64Array): NoSkill => {
    let [always, guess] = [0, 0];
    for (let label = 0; label < width; label++) {
      const of = noSkill(positivesOf(counts, label), counts.at(-1)!);
      [always, guess] = [always + of.always / width, guess + of.guess / width];
    }
    return { always, guess };
  };
  const { perLabel, joint } = standings(labels, judged, width, [macroScore(width, byLabel)], draw);
  const scores = probabilityScores(probabilities, labels, width);
  return {
    macro: { ...joint[0]!, ...meanProbabilityScores(scores) },
    perLabel: perLabel.map((standing, label) => ({ ...standing, ...scores[label]! })),
    averages: threeAverages(judged, width),
  };
}

/** Of rows with one class each; null where there is no row. */
export function assessClasses(judged: Judged, width: number, draw: DrawRows): Assessment | null {
  const { labels, probabilities } = judged;
  if (labels.length === 0) return null;
  const classes = [...Array(width).keys()];
  const shares = (counts: Float64Array): number[] =>
    classes.map((index) => positivesOf(counts, index) / counts.at(-1)!);
  // Always the same class finds that one alone; at random each class is found as often as it occurs.
  const macro = macroScore(width, (counts) => ({
    always: Math.max(...shares(counts).map((share) => (2 * share) / (1 + share))) / width,
    guess: 1 / width,
  }));
  const accuracy = {
    score: (counts: Float64Array, decision: 0 | 1) =>
      classes.reduce((hits, index) => hits + hitsOf(counts, index, decision), 0) / counts.at(-1)!,
    noSkill: (counts: Float64Array) => ({
      always: Math.max(...shares(counts)),
      guess: shares(counts).reduce((sum, share) => sum + share ** 2, 0),
    }),
  };
  const { perLabel, joint } = standings(labels, judged, width, [macro, accuracy], draw);
  const scores = probabilityScores(probabilities, labels, width);
  const { weightedF1 } = threeAverages(judged, width);
  return {
    macro: { ...joint[0]!, ...classProbabilityScores(probabilities, classesOf(labels, width), scores) },
    perLabel: perLabel.map((standing, label) => ({ ...standing, ...scores[label]! })),
    averages: { weightedF1 },
    accuracy: joint[1]!,
  };
}

function threeAverages(
  { labels, atHalf, tuned, crossFitted }: Judged,
  width: number,
): Record<keyof AveragedScores, ThreeScores> {
  const three = {
    atHalf: averagedScores(labels, atHalf, width),
    tuned: averagedScores(labels, tuned, width),
    crossFitted: averagedScores(labels, crossFitted, width),
  };
  const of = (name: keyof AveragedScores): ThreeScores => ({
    atHalf: three.atHalf[name],
    tuned: three.tuned[name],
    crossFitted: three.crossFitted[name],
  });
  return {
    microF1: of('microF1'),
    weightedF1: of('weightedF1'),
    samplesF1: of('samplesF1'),
    subsetAccuracy: of('subsetAccuracy'),
    jaccard: of('jaccard'),
  };
}
