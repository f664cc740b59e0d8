import type { EpochMeasure } from './plots/epoch-curves.js';
import type { FoldResult } from './run-result.js';

/** A measure over the folds that had an epoch; NaN where none has it. */
export interface FoldRange {
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

/** An epoch over all folds that trained it. */
export interface EpochMean extends Readonly<Record<EpochMeasure, FoldRange>> {
  readonly epoch: number;
  readonly folds: number;
  /** Folds whose weights are those of this epoch. */
  readonly kept: number;
}

export function epochMeans(folds: readonly FoldResult[]): EpochMean[] {
  const byEpoch = new Map<number, FoldResult['epochs'][number][]>();
  for (const metrics of folds.flatMap(({ epochs }) => epochs)) {
    const told = byEpoch.get(metrics.epoch);
    if (told === undefined) byEpoch.set(metrics.epoch, [metrics]);
    else told.push(metrics);
  }
  return [...byEpoch]
    .sort(([a], [b]) => a - b)
    .map(([epoch, told]) => ({
      epoch,
      folds: told.length,
      kept: folds.filter(({ bestEpoch }) => bestEpoch === epoch).length,
      trainLoss: rangeOf(told.map(({ trainLoss }) => trainLoss)),
      valLoss: rangeOf(told.map(({ valLoss }) => valLoss)),
      macroF1: rangeOf(told.map(({ macroF1 }) => macroF1)),
    }));
}

/** Of the finite ones; what is not has become null in result.json. */
export function rangeOf(values: readonly (number | null)[]): FoldRange {
  const finite = values.filter((value): value is number => Number.isFinite(value));
  if (finite.length === 0) return { mean: NaN, least: NaN, most: NaN };
  return {
    mean: finite.reduce((sum, value) => sum + value, 0) / finite.length,
    least: finite.reduce((a, b) => Math.min(a, b)),
    most: finite.reduce((a, b) => Math.max(a, b)),
  };
}
