import type { PrecisionRecallPoint } from './plots/precision-recall.js';
import type { ThresholdPoint } from './plots/threshold-curve.js';
import type { OutOfFoldTable } from './report-input.js';

/** What the out-of-fold predictions say about one label, as the plots want it. */
export interface LabelEvidence {
  /** Share of positives among the rows with a prediction; 0 without rows. */
  readonly base: number;
  readonly byThreshold: readonly ThresholdPoint[];
  readonly precisionRecall: readonly PrecisionRecallPoint[];
  /** Where the chosen threshold lies on the curve; null where precision or recall is undefined. */
  readonly chosen: PrecisionRecallPoint | null;
}

interface Row {
  readonly probability: number;
  readonly truth: number;
}

/** The curves of label number `index`, over the rows that have a prediction. */
export function labelEvidence(table: OutOfFoldTable, index: number, threshold: number): LabelEvidence {
  const rows = predictedRows(table, index);
  const positives = rows.filter(({ truth }) => truth === 1).length;
  const chosen = precisionRecallAt(rows, positives, Math.fround(threshold));
  return {
    base: rows.length === 0 ? 0 : positives / rows.length,
    byThreshold: thresholdGrid.map((t) => ({ threshold: t, f1: f1At(rows, positives, t) })),
    precisionRecall: precisionRecall(rows, positives),
    chosen: Number.isNaN(chosen.precision) || Number.isNaN(chosen.recall) ? null : chosen,
  };
}

const thresholdGrid = Array.from({ length: 17 }, (_, i) => 0.1 + i * 0.05);

function predictedRows({ labels, probabilities }: OutOfFoldTable, index: number): Row[] {
  return labels
    .map((truths, row) => ({
      probability: probabilities[row * truths.length + index] ?? Number.NaN,
      truth: truths[index] ?? 0,
    }))
    .filter(({ probability }) => !Number.isNaN(probability));
}

function precisionRecallAt(rows: readonly Row[], positives: number, threshold: number): PrecisionRecallPoint {
  const called = rows.filter(({ probability }) => probability >= threshold);
  const hits = called.filter(({ truth }) => truth === 1).length;
  return { precision: hits / called.length, recall: hits / positives };
}

function f1At(rows: readonly Row[], positives: number, threshold: number): number {
  const called = rows.filter(({ probability }) => probability >= threshold);
  const hits = called.filter(({ truth }) => truth === 1).length;
  const sum = called.length + positives;
  return sum === 0 ? 0 : (2 * hits) / sum;
}

function precisionRecall(rows: readonly Row[], positives: number): PrecisionRecallPoint[] {
  if (positives === 0) return [];
  const falling = [...rows].sort((a, b) => b.probability - a.probability);
  const points: PrecisionRecallPoint[] = [];
  let hits = 0;
  falling.forEach(({ probability, truth }, i) => {
    hits += truth;
    // Rows of one probability are called together.
    if (falling[i + 1]?.probability === probability) return;
    points.push({ precision: hits / (i + 1), recall: hits / positives });
  });
  return points;
}
