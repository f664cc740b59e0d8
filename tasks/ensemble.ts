import { drawingOf, type DrawRows } from '../metrics/bootstrap.js';
import { f1PerLabel, mean } from '../metrics/f1.js';
import { gainOver, ofLearntDecisions, type Gain } from '../metrics/gain.js';
import { foldSplits } from '../metrics/fold-splits.js';
import { predictedRows, selectRows } from '../metrics/matrix.js';
import {
  nestedMixture,
  selectNested,
  unlearnt,
  type NestedProbabilities,
  type NestedWeights,
} from '../metrics/nested.js';
import type { Likelihoods } from '../metrics/mixture.js';
import { ensembleMethods, type EnsembleMethod } from '../metrics/weights.js';
import type { Task } from './task.js';

export type { EnsembleMethod };

export const ensembleMethodNames = ['mean', 'greedy', 'simplex'] as const satisfies readonly EnsembleMethod[];

/** Every member counts alike: nothing is learnt. */
export const defaultEnsembleMethod: EnsembleMethod = 'mean';

/** What an ensemble is made of and judged by: its members' out-of-fold predictions of the training rows. */
export interface MemberPredictions {
  /** `[rows, width]` each; NaN where no fold of the member predicted the row. */
  readonly members: readonly Float32Array[];
  /** `[rows, width]` */
  readonly truth: Uint8Array;
  /** The fold of each row. */
  readonly folds: Int32Array;
  readonly width: number;
}

/**
 * The weights of an ensemble's members, learnt on the rows that all of them predicted; equal where there are none.
 */
export function learnWeights(
  task: Task,
  predictions: MemberPredictions,
  method: EnsembleMethod,
): NestedWeights {
  const { members, truth, folds, width } = predictions;
  if (method === 'mean') return alike(members.length);
  const weigh = ensembleMethods[method];
  const rows = sharedRows(members, width);
  const y = selectRows(truth, width, rows);
  const likelihoods = members.map((member) => task.likelihoods(selectRows(member, width, rows), y, width));
  const perRow = rows.length === 0 ? 1 : likelihoods[0]!.length / rows.length;
  const weighRows = (chosen: Int32Array): number[] => {
    const seen: Likelihoods = likelihoods.map((each) => selectRows(each, perRow, chosen));
    return [...weigh(seen)];
  };
  return {
    final: [...weigh(likelihoods)],
    without: Array.from(foldSplits(selectRows(folds, 1, rows)), ({ fold, outside }) => ({
      fold,
      weights: weighRows(outside),
    })),
  };
}

/** Of the plain mean, for which nothing is learnt. */
function alike(members: number): NestedWeights {
  return { final: new Array<number>(members).fill(1 / members), without: [] };
}

/** The rows that every member predicted. */
function sharedRows(members: readonly Float32Array[], width: number): Int32Array {
  const times = new Int32Array((members[0]?.length ?? 0) / width);
  for (const member of members) for (const row of predictedRows(member, width)) times[row]! += 1;
  return Int32Array.from(times.keys()).filter((row) => times[row] === members.length);
}

/** What an ensemble is worth: null where it would be compared with itself, or with nothing. */
export interface EnsembleGains {
  /** Over the plain mean of the members. */
  readonly overMean: Gain | null;
  /**
   * Over the best of the members alone, chosen in hindsight by its own cross-fitted macro F1: a choice in that
   * member's favour, so that the ensemble is not credited with it. (To choose it for each fold by the others
   * would not do: a member that trained well on the others need not have on this one, and scores less than any.)
   */
  readonly overBest: Gain | null;
}

/**
 * What an ensemble gains in cross-fitted macro F1. What it chooses (weights, thresholds) sees none of the rows
 * that are judged, so that members that know nothing gain nothing.
 *
 * @param weights as `learnWeights` gave them by the method
 */
export function ensembleGains(
  task: Task,
  predictions: MemberPredictions,
  method: EnsembleMethod,
  weights: NestedWeights,
  draw: DrawRows,
): EnsembleGains {
  const { members, truth, folds, width } = predictions;
  if (members.length < 2) return { overMean: null, overBest: null };
  const mixed = nestedMixture(members, weights, width);
  const rows = predictedRows(mixed.final, width);
  const y = selectRows(truth, width, rows);
  const foldOf = selectRows(folds, 1, rows);
  const decide = (nested: NestedProbabilities): Uint8Array =>
    task.decideOutOfFold(selectNested(nested, width, rows), y, foldOf, width);
  const decided = decide(mixed);
  const drawn = drawingOf(draw, rows);
  const gainOverThose = (others: Uint8Array): Gain | null => {
    const gain = gainOver(others, decided, y, width, drawn);
    return gain && { ...gain, interval: ofLearntDecisions(gain.macroF1, gain.interval) };
  };
  const alone = members
    .filter((member) => predictedRows(selectRows(member, width, rows), width).length === rows.length)
    .map((member) => decide(unlearnt(member)));
  const scores = alone.map((each) => mean(f1PerLabel(y, each, width)));
  const best = alone[scores.indexOf(Math.max(...scores))];
  return {
    overMean:
      method === 'mean' ? null : gainOverThose(decide(nestedMixture(members, alike(members.length), width))),
    overBest: best === undefined ? null : gainOverThose(best),
  };
}
