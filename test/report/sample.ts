import { defaultSteps } from '../../pipeline/defaults.js';
import { unlearnt } from '../../metrics/nested.js';
import type { ReportInput } from '../../report/report-input.js';
import type { FoldResult, RunResult } from '../../report/run-result.js';
import { referenceTraining } from '../../pipeline/training.js';
import { tasks } from '../../tasks/index.js';
import type { TaskName } from '../../tasks/task.js';
import { drawnByRule } from '../metrics/cases.js';

export interface SampleOptions {
  readonly labels?: readonly string[];
  readonly folds?: number;
  readonly rows?: number;
  /** Rows at the end of the table without an out-of-fold prediction. */
  readonly rowsWithoutOof?: number;
}

/** A made-up run whose numbers look like a real one's; the same for the same options. */
export function sampleReport(options: SampleOptions = {}, changes: Partial<RunResult> = {}): ReportInput {
  const { labels = ['anger', 'fear', 'joy', 'sadness', 'surprise'], folds = 5, rows = 400 } = options;
  const unknown = options.rowsWithoutOof ?? 0;
  const next = generator(7);
  const truths = Array.from({ length: rows }, () => labels.map(() => (next() < 0.3 ? 1 : 0)));
  const probabilities = Float32Array.from(
    truths.flatMap((row, i) =>
      row.map((truth) => (i < rows - unknown ? squash(truth * 2 - 1.3 + 2.4 * (next() - 0.5)) : Number.NaN)),
    ),
  );
  const result: RunResult = {
    run: '2026-11-23-a1b2c3',
    pipeline: 'emotions',
    status: 'completed',
    labels,
    rows: { train: rows, test: 120 },
    folds: Array.from({ length: folds }, (_, i) => sampleFold(i + 1, next)),
    macroF1: { atHalf: 0.601, tuned: 0.642, crossFitted: 0.629 },
    thresholds: Object.fromEntries(labels.map((label, i) => [label, 0.1 + ((i * 3 + 5) % 17) * 0.05])),
    perLabel: Object.fromEntries(labels.map((label, i) => [label, sampleScores(i)])),
    skippedFolds: [],
    rowsWithoutOof: unknown,
    seconds: { data: 0.4, fold: 74.2, oof: 0.1, thresholds: 0.2, submission: 3.4, report: 0 },
    versions: { foldwise: '0.1.0', onnxruntime: '1.30.0', node: '20.20.0' },
    warnings: [],
    configuration: sampleConfiguration(labels, folds),
    ...changes,
  };
  const held = Int32Array.from({ length: rows }, (_, row) => 1 + (row % Math.max(1, folds)));
  return { result, outOfFold: { probabilities, labels: Uint8Array.from(truths.flat()), folds: held } };
}

/** The same with the scores of its table; nothing is known of the first label, and the last never occurs. */
export function assessedReport(
  options: SampleOptions = {},
  task: TaskName = 'multi-label',
  unknown: 'first' | 'all' = 'first',
): ReportInput {
  const { result, outOfFold } = sampleReport(options);
  const { labels, configuration } = result;
  const width = labels.length;
  const next = generator(11);
  const probabilities = outOfFold.probabilities.map((p, entry) =>
    Number.isNaN(p) || (unknown === 'first' && entry % width > 0) ? p : 0.2 + 0.4 * next(),
  );
  const oneClass = task === 'single-label';
  const truth = outOfFold.labels.map((label, entry) => {
    if (!oneClass) return entry % width === width - 1 ? 0 : label;
    const classOf = Math.floor(entry / width) % (width - 1);
    return Number(entry % width === classOf);
  });
  const foldOf = Int32Array.from({ length: truth.length / width }, (_, row) => 1 + (row % 5));
  const scores = tasks[task].scoreOutOfFold(unlearnt(probabilities), truth, foldOf, width, drawnByRule);
  const byLabel = <T>(values: readonly T[]): Record<string, T> =>
    Object.fromEntries(labels.map((label, index) => [label, values[index]!]));
  const { assessment, classes } = scores;
  return {
    outOfFold: { ...outOfFold, probabilities, labels: truth },
    result: {
      ...result,
      macroF1: scores.macroF1,
      thresholds: byLabel(scores.thresholds),
      perLabel: byLabel(scores.perLabel),
      ...(classes === undefined ? {} : { classes }),
      ...(assessment === undefined
        ? {}
        : { assessment: { ...assessment, perLabel: byLabel(assessment.perLabel) } }),
      configuration: { ...configuration, task },
    },
  };
}

/** The same with thresholds that were tuned for something else than F1, of which one cannot be held. */
export function objectiveReport(): ReportInput {
  const { result, outOfFold } = sampleReport({ labels: ['joy', 'fear', 'anger'] });
  const three = (crossFitted: number) => ({ atHalf: 0.5, tuned: 0.75, crossFitted });
  const scores = { score: three(0.7), precision: three(0.875), recall: three(NaN) };
  const precision = { precision: 0.9 };
  return {
    outOfFold,
    result: {
      ...result,
      objectives: {
        macro: null,
        perLabel: {
          joy: { objective: { fBeta: 2 }, ...scores, held: null },
          fear: { objective: precision, ...scores, held: { tuned: true, crossFitted: false } },
          anger: { objective: precision, ...scores, held: { tuned: false, crossFitted: false } },
        },
      },
      configuration: {
        ...result.configuration,
        thresholds: { method: 'exact', objective: precision, byLabel: { joy: { fBeta: 2 } } },
      },
    },
  };
}

/** The same with probabilities that were calibrated by a temperature. */
export function calibratedReport(): ReportInput {
  const { result, outOfFold } = sampleReport({ labels: ['joy', 'fear'] });
  const scores = (logLoss: number) => {
    const each = { brier: 0.2, calibrationError: logLoss / 10, logLoss };
    return { macro: each, perLabel: { joy: each, fear: each } };
  };
  return {
    outOfFold,
    result: {
      ...result,
      calibration: {
        method: 'temperature',
        before: scores(0.9),
        after: scores(0.5),
        calibrators: { joy: { temperature: 2 }, fear: { temperature: 1 } },
      },
      configuration: { ...result.configuration, calibration: 'temperature' },
    },
  };
}

/** The same of an ensemble of three seeds, one of which was left out. */
export function ensembleReport(changes: Partial<RunResult> = {}): ReportInput {
  const { result, outOfFold } = sampleReport();
  const [first, ...others] = [42, 43, 44].map((seed) => `seed-${seed}`) as [string, ...string[]];
  const folds = [first, ...others].flatMap((member, place) =>
    result.folds.slice(place === 2 ? 1 : 0).map((fold) => ({ ...fold, member })),
  );
  const { fold, ...steps } = result.configuration.steps;
  const matrix = { fold: 'all', 'training.seed': [42, 43, 44] } as const;
  return {
    outOfFold,
    result: {
      ...result,
      folds,
      members: [42, 43, 44].map((seed) => ({
        id: `seed-${seed}`,
        settings: { 'training.seed': seed },
        macroF1: seed === 44 ? null : { atHalf: 0.59, tuned: 0.63, crossFitted: 0.575 + seed / 1000 },
        skippedFolds: seed === 44 ? [1] : [],
      })),
      ensemble: {
        method: 'simplex',
        weights: { 'seed-42': 0.625, 'seed-43': 0.375 },
        gain: {
          overMean: { macroF1: 0.004, interval: [-0.002, 0.011] },
          overBest: { macroF1: 0.012, interval: [0.003, 0.02] },
        },
      },
      configuration: {
        ...result.configuration,
        ensemble: { method: 'simplex', incomplete: 'drop' },
        steps: { ...steps, fold: { ...fold!, matrix } },
      },
      ...changes,
    },
  };
}

function sampleFold(fold: number, next: () => number): FoldResult {
  const epochs = [1, 2, 3, 4].map((epoch) => ({
    epoch,
    trainLoss: 0.66 / epoch ** 0.6 + 0.02 * next(),
    valLoss: 0.6 / epoch ** 0.35 + 0.04 * next() + (epoch === 4 ? 0.02 : 0),
    macroF1: 0.25 + 0.38 * (1 - Math.exp(-epoch)) + 0.04 * next(),
  }));
  const best = epochs.reduce((a, b) => (b.macroF1 > a.macroF1 ? b : a));
  return {
    fold,
    bestEpoch: best.epoch,
    epochs,
    device: 'cpu',
    threads: 2,
    attempts: 1,
    seed: 42,
    seconds: 14.8,
  };
}

function sampleScores(index: number) {
  const atHalf = 0.5 + ((index * 7) % 5) * 0.05;
  return { atHalf, tuned: atHalf + 0.05, crossFitted: atHalf + 0.03, support: 120 + 31 * index };
}

function sampleConfiguration(labels: readonly string[], folds: number): RunResult['configuration'] {
  return {
    name: 'emotions',
    task: 'multi-label',
    labels,
    data: {
      train: '/home/someone/data/train.csv',
      test: '/home/someone/data/test.csv',
      text: ['text'],
      id: 'id',
    },
    folds: { count: folds, strategy: 'stratified', seed: 42 },
    model: { checkpoint: 'microsoft/deberta-v3-base', maxLength: 128 },
    training: {
      ...referenceTraining,
      epochs: 4,
      batchSize: 16,
      learningRate: 1.5e-5,
      weightDecay: 0.01,
      warmupRatio: 0.1,
      maxGradNorm: 1,
    },
    steps: defaultSteps({ test: '/home/someone/data/test.csv' }),
  };
}

function squash(logit: number): number {
  return 1 / (1 + Math.exp(-2.2 * logit));
}

/** Numbers in [0, 1) of a small linear congruential generator. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
