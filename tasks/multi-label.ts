import { findColumnIssues } from '../metrics/confident-learning.js';
import { crossFit } from '../metrics/cross-fitted.js';
import { macroF1 } from '../metrics/f1.js';
import { column } from '../metrics/matrix.js';
import { labelCalibration } from '../metrics/matrix-calibration.js';
import { scoreLabelCalibration } from '../metrics/nested-calibration.js';
import { scoreOutOfFold } from '../metrics/out-of-fold.js';
import { decide, type ThresholdDecider } from '../metrics/thresholds.js';
import type { Task } from './task.js';
import { defaultThresholdMethod, thresholdDecider, type ThresholdSearch } from './thresholds.js';

/** Any number of labels per row, each a yes or no of its own: sigmoid and binary cross-entropy. */
const labelsBy = (thresholds: ThresholdDecider): Task => ({
  name: 'multi-label',
  problemType: 'multi_label_classification',
  loss: 'binaryCrossEntropy',
  activate: (logits) => logits.map((z) => 1 / (1 + Math.exp(-z))),
  lossOf: (logits, truth) => {
    const total = logits.reduce(
      (sum, z, entry) => sum + Math.max(z, 0) - z * truth[entry]! + Math.log1p(Math.exp(-Math.abs(z))),
      0,
    );
    return total / Math.max(1, logits.length);
  },
  // As many negatives as positives weigh, the recipe of torch's documentation of pos_weight.
  balancedWeights: (positives, rows) => positives.map((ones) => (ones === 0 ? 1 : (rows - ones) / ones)),
  likelihoods: (probabilities, truth) => probabilities.map((p, entry) => (truth[entry] === 1 ? p : 1 - p)),
  decide: (probabilities, width, tuned = new Array<number>(width).fill(0.5)) => decide(probabilities, tuned),
  scoreOutOfFold: (nested, truth, folds, width, draw) =>
    scoreOutOfFold(nested, truth, folds, width, draw, thresholds),
  decideOutOfFold: (nested, truth, folds, width) => crossFit(nested, truth, folds, width, thresholds).decided,
  findLabelIssues: (probabilities, truth, width) =>
    Array.from(
      { length: width },
      (_, label) => findColumnIssues(column(truth, width, label), column(probabilities, width, label)).ranked,
    ),
  labelIssue: (probabilities, truth, width, label, row) => {
    const probability = probabilities[row * width + label]!;
    const given = truth[row * width + label]!;
    return { row, label, given, probability, score: given === 1 ? probability : 1 - probability };
  },
  calibration: labelCalibration,
  scoreCalibration: scoreLabelCalibration,
  words: {
    plain: 'F1 at 0.5',
    untuned: 'at 0.5',
    undecided: 'every threshold at 0.5',
    tuned: 'threshold',
    noSkill: 'Saying yes to every label, without reading,',
    always: 'always yes',
  },
  epochScores: (probabilities, truth, width) => ({
    macroF1: macroF1(truth, decide(probabilities, new Array<number>(width).fill(0.5)), width),
  }),
  faultOf: () => null,
});

export function multiLabelBy(thresholds: ThresholdSearch): Task {
  return labelsBy(thresholdDecider(thresholds));
}

export const multiLabel = multiLabelBy({ method: defaultThresholdMethod });
