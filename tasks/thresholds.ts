import { tuneExactThresholds } from '../metrics/exact-thresholds.js';
import type { Objective } from '../metrics/objectives.js';
import { tuneSmoothedThresholds } from '../metrics/smoothed-thresholds.js';
import { byThresholds, byTuned, tuneThresholds, type ThresholdDecider } from '../metrics/thresholds.js';

export type { Objective };

/**
 * How thresholds of a label's probability are found: on the reference method's grid, among all that differ, or
 * among those by a measure that is smoothed by more frequent labels.
 */
export type ThresholdMethod = 'grid' | 'exact' | 'smoothed';

export const thresholdMethods = ['grid', 'exact', 'smoothed'] as const satisfies readonly ThresholdMethod[];

/** The reference method's. */
export const defaultThresholdMethod: ThresholdMethod = 'grid';
export const defaultObjective = 'f1' as const satisfies Objective;

/** How the thresholds of a pipeline's labels are found, and what they are to reach. */
export interface ThresholdSearch {
  readonly method: ThresholdMethod;
  /** One for each label; F1 where it is absent. */
  readonly objectives?: readonly Objective[];
}

/** Decisions by thresholds that are found so. */
export function thresholdDecider({ method, objectives }: ThresholdSearch): ThresholdDecider {
  if (method === defaultThresholdMethod && objectives === undefined) return byThresholds;
  return byTuned(tuning[method](objectives), objectives);
}

const tuning: Readonly<
  Record<ThresholdMethod, (objectives?: readonly Objective[]) => ThresholdDecider['tune']>
> = {
  grid: (objectives) => (p, labels, width) => tuneThresholds(p, labels, width, objectives),
  exact: (objectives) => (p, labels, width) => tuneExactThresholds(p, labels, width, objectives),
  smoothed: (objectives) => (p, labels, width) =>
    tuneSmoothedThresholds(p, labels, width, betaOf(objectives)),
};

/** Of the F-measure that is one for all labels. */
function betaOf([first]: readonly Objective[] = []): number {
  return typeof first === 'object' && 'fBeta' in first ? first.fBeta : 1;
}
