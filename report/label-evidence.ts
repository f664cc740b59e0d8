import { calibrationError } from '../metrics/calibration.js';
import { cutsOf, type Cuts } from '../metrics/cuts.js';
import { f1OfCounts } from '../metrics/f1.js';
import { column } from '../metrics/matrix.js';
import { noSkill } from '../metrics/no-skill.js';
import { reliabilityBins, type ReliabilityBin } from '../metrics/reliability.js';
import { thresholdGrid } from '../metrics/thresholds.js';
import type { JudgedRows } from './judged-rows.js';
import type { PrecisionRecallPoint } from './plots/precision-recall.js';
import type { ThresholdCurve, ThresholdPoint } from './plots/threshold-curve.js';

/** What the out-of-fold predictions say about one label, as the plots and tables want it. */
export interface LabelEvidence {
  /** Share of positives among the rows with a prediction; 0 without rows. */
  readonly base: number;
  readonly byThreshold: ThresholdCurve;
  /** Empty for a label that never occurs. */
  readonly precisionRecall: readonly PrecisionRecallPoint[];
  /** Where the chosen threshold lies on the curve; null where precision or recall is undefined. */
  readonly chosen: PrecisionRecallPoint | null;
  /** Of the probabilities as the models give them. */
  readonly reliability: readonly ReliabilityBin[];
  readonly calibrationError: number;
}

/** How far below the chosen threshold's an F1 is hardly less. */
const plateauDepth = 0.01;
/** Thresholds from 0 to 1 that are drawn: a hundredth and a half apart, so that a curve has no corners. */
const shownSteps = 64;
/** At most this many points of a curve are drawn: a pixel or two each. */
const drawnPoints = 120;

/** The evidence of one label. */
export function labelEvidence(judged: JudgedRows, place: number, threshold: number): LabelEvidence {
  const probabilities = column(judged.probabilities, judged.width, place);
  const labels = column(judged.labels, judged.width, place);
  const raw = column(judged.raw, judged.width, place);
  const cuts = cutsOf(probabilities, labels);
  const [rows, positives] = [labels.length, cuts.truePositives.at(-1) ?? 0];
  return {
    base: rows === 0 ? 0 : positives / rows,
    byThreshold: { ...curveOf(cuts, threshold), noSkill: rows === 0 ? NaN : noSkill(positives, rows).always },
    precisionRecall: positives === 0 ? [] : precisionRecallOf(cuts, positives),
    chosen: chosenPoint(cuts, threshold, positives),
    reliability: reliabilityBins(raw, labels),
    calibrationError: calibrationError(raw, labels),
  };
}

function curveOf(cuts: Cuts, chosen: number): Omit<ThresholdCurve, 'noSkill'> {
  const shown = [
    ...thresholdGrid(),
    chosen,
    ...Array.from({ length: shownSteps + 1 }, (_, i) => i / shownSteps),
  ];
  const thresholds = shown.sort((a, b) => a - b).filter((t, i) => i === 0 || t - shown[i - 1]! > 1e-6);
  const points = thresholds.map((threshold): ThresholdPoint => ({ threshold, f1: f1At(cuts, threshold) }));
  return { points, chosen, plateau: plateauOf(points, chosen) };
}

/** The thresholds around the chosen one at which F1 is hardly less. */
function plateauOf(points: readonly ThresholdPoint[], chosen: number): [number, number] {
  const at = points.findIndex(({ threshold }) => Math.abs(threshold - chosen) < 1e-6);
  const high = (place: number) => (points[place]?.f1 ?? -1) >= points[at]!.f1 - plateauDepth;
  let [from, to] = [at, at];
  while (high(from - 1)) from--;
  while (high(to + 1)) to++;
  return [points[from]!.threshold, points[to]!.threshold];
}

function f1At(cuts: Cuts, threshold: number): number {
  const cut = cutAt(cuts, threshold);
  const positives = cuts.truePositives.at(-1) ?? 0;
  return cut < 0 ? 0 : f1OfCounts(cuts.truePositives[cut]!, cuts.predicted[cut]!, positives);
}

/** The last cut at or above a threshold, as decisions take it; −1 where no row reaches it. */
function cutAt({ thresholds }: Cuts, threshold: number): number {
  const bound = Math.fround(threshold);
  let [low, high] = [0, thresholds.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (thresholds[middle]! >= bound) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function precisionRecallOf({ predicted, truePositives }: Cuts, positives: number): PrecisionRecallPoint[] {
  const points = Array.from(predicted, (called, cut) => ({
    precision: truePositives[cut]! / called,
    recall: truePositives[cut]! / positives,
  }));
  return thin([{ precision: points[0]?.precision ?? 1, recall: 0 }, ...points]);
}

/** Fewer points where there are many: as many for each stretch of recall, where the curve says most. */
function thin(points: readonly PrecisionRecallPoint[]): PrecisionRecallPoint[] {
  if (points.length <= drawnPoints) return [...points];
  let next = 0;
  return points.filter(({ recall }, place) => {
    if (recall * drawnPoints < next && place < points.length - 1) return false;
    next = Math.floor(recall * drawnPoints) + 1;
    return true;
  });
}

function chosenPoint(cuts: Cuts, threshold: number, positives: number): PrecisionRecallPoint | null {
  const cut = cutAt(cuts, threshold);
  if (cut < 0 || positives === 0) return null;
  return {
    precision: cuts.truePositives[cut]! / cuts.predicted[cut]!,
    recall: cuts.truePositives[cut]! / positives,
  };
}
