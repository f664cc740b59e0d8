import { confusion } from '../metrics/f1.js';
import { column, predictedRows, selectRows } from '../metrics/matrix.js';
import { precisionRecallCurve } from '../metrics/precision-recall.js';
import { decide, f1ByThreshold, thresholdGrid } from '../metrics/thresholds.js';
import type { PrecisionRecallPoint } from './plots/precision-recall.js';
import type { ThresholdPoint } from './plots/threshold-curve.js';
import type { OutOfFoldTable } from './report-input.js';

/** What the out-of-fold predictions say about one label, as the plots want it. */
export interface LabelEvidence {
  /** Share of positives among the rows with a prediction; 0 without rows. */
  readonly base: number;
  readonly byThreshold: readonly ThresholdPoint[];
  /** Empty for a label that never occurs. */
  readonly precisionRecall: readonly PrecisionRecallPoint[];
  /** Where the chosen threshold lies on the curve; null where precision or recall is undefined. */
  readonly chosen: PrecisionRecallPoint | null;
}

/** The curves of each label, over the rows that have a prediction. */
export function labelEvidence(table: OutOfFoldTable, thresholds: readonly number[]): LabelEvidence[] {
  const width = thresholds.length;
  const rows = predictedRows(table.probabilities, width);
  const probabilities = selectRows(table.probabilities, width, rows);
  const labels = selectRows(table.labels, width, rows);
  return thresholds.map((threshold, index) =>
    evidenceOf(column(probabilities, width, index), column(labels, width, index), threshold),
  );
}

function evidenceOf(probabilities: Float32Array, labels: Uint8Array, threshold: number): LabelEvidence {
  const grid = shownThresholds(threshold);
  const scores = f1ByThreshold(probabilities, labels, grid);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  return {
    base: labels.length === 0 ? 0 : positives / labels.length,
    byThreshold: Array.from(grid, (t, i) => ({ threshold: t, f1: scores[i] ?? 0 })),
    precisionRecall: positives === 0 ? [] : curve(probabilities, labels),
    chosen: pointAt(probabilities, labels, threshold),
  };
}

/** The grid, and the chosen threshold where that is not of it. */
function shownThresholds(chosen: number): Float64Array {
  const grid = thresholdGrid();
  const isOnGrid = grid.some((threshold) => Math.abs(threshold - chosen) < 1e-6);
  return isOnGrid ? grid : Float64Array.from([...grid, chosen]).sort();
}

function curve(probabilities: Float32Array, labels: Uint8Array): PrecisionRecallPoint[] {
  const { precision, recall } = precisionRecallCurve(probabilities, labels);
  return Array.from(precision, (value, i) => ({ precision: value, recall: recall[i] ?? 0 }));
}

function pointAt(
  probabilities: Float32Array,
  labels: Uint8Array,
  threshold: number,
): PrecisionRecallPoint | null {
  const counts = confusion(labels, decide(probabilities, [threshold]));
  const called = counts.truePositives + counts.falsePositives;
  const positives = counts.truePositives + counts.falseNegatives;
  if (called === 0 || positives === 0) return null;
  return { precision: counts.truePositives / called, recall: counts.truePositives / positives };
}
