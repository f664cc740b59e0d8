import { accuracy, argMax, classesOf, confusionMatrix, f1PerClass, oneHot } from '../metrics/classes.js';
import { scoreClassesOutOfFold } from '../metrics/class-scores.js';
import { findLabelIssues } from '../metrics/confident-learning.js';
import { crossFit } from '../metrics/cross-fitted.js';
import { mean } from '../metrics/f1.js';
import { classCalibration } from '../metrics/matrix-calibration.js';
import { scoreClassCalibration } from '../metrics/nested-calibration.js';
import { byOffsets } from '../metrics/offsets.js';
import type { Task } from './task.js';

/** Exactly one class per row: softmax and cross-entropy. */
export const singleLabel: Task = {
  name: 'single-label',
  problemType: 'single_label_classification',
  loss: 'softmaxCrossEntropy',
  activate: (logits, width) => {
    const probabilities = new Float32Array(logits.length);
    for (let start = 0; start < logits.length; start += width) {
      const normaliser = logSumExp(logits.subarray(start, start + width));
      for (let index = start; index < start + width; index++)
        probabilities[index] = Math.exp(logits[index]! - normaliser);
    }
    return probabilities;
  },
  lossOf: (logits, truth, width) => {
    let total = 0;
    for (let start = 0; start < logits.length; start += width) {
      const row = logits.subarray(start, start + width);
      total += logSumExp(row) - row[truth.subarray(start, start + width).indexOf(1)]!;
    }
    return total / Math.max(1, logits.length / width);
  },
  // scikit-learn's class_weight 'balanced'.
  balancedWeights: (positives, rows) =>
    positives.map((ones) => (ones === 0 ? 1 : rows / (positives.length * ones))),
  likelihoods: (probabilities, truth, width) =>
    Float32Array.from(classesOf(truth, width), (label, row) => probabilities[row * width + label]!),
  decide: (probabilities, width, tuned) =>
    tuned === undefined
      ? oneHot(argMax(probabilities, width), width)
      : byOffsets.decide(probabilities, width, tuned),
  scoreOutOfFold: scoreClassesOutOfFold,
  decideOutOfFold: (nested, truth, folds, width) => crossFit(nested, truth, folds, width, byOffsets).decided,
  findLabelIssues: (probabilities, truth, width) => {
    const given = classesOf(truth, width);
    const { ranked } = findLabelIssues(given, probabilities, width);
    return Array.from({ length: width }, (_, label) => ranked.filter((row) => given[row] === label));
  },
  labelIssue: (probabilities, _truth, width, given, row) => {
    const own = probabilities.slice(row * width, (row + 1) * width);
    const score = own[given]!;
    const [label] = argMax(
      own.map((p, index) => (index === given ? -1 : p)),
      width,
    );
    return { row, label: label!, given, probability: own[label!]!, score };
  },
  calibration: classCalibration,
  scoreCalibration: scoreClassCalibration,
  words: {
    plain: 'F1 untuned',
    untuned: 'untuned',
    undecided: 'the likeliest class, untuned',
    tuned: 'offset',
    noSkill: 'Guessing each class as often as it occurs, without reading,',
    always: 'always this class',
  },
  epochScores: (probabilities, truth, width) => {
    const classes = classesOf(truth, width);
    const decided = argMax(probabilities, width);
    return {
      macroF1: mean(f1PerClass(confusionMatrix(classes, decided, width), width)),
      accuracy: accuracy(classes, decided),
    };
  },
  faultOf: (ones) =>
    ones === 1 ? null : `${ones === 0 ? 'no class' : `${ones} classes`} where each row has one`,
};

/** log Σ exp(z), which never overflows. */
function logSumExp(logits: Float32Array): number {
  const most = logits.reduce((leader, z) => Math.max(leader, z), -Infinity);
  return most + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - most), 0));
}
