import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Arguments of activities as the workflow sends them, to be broken. */
export const sampleLabels = ['joy', 'fear'];

/** The tables of `samplePipeline`. */
export function writeSampleTables(workdir: string): void {
  const rows = Array.from({ length: 12 }, (_, row) => `r${row},text ${row},${row % 2},${row % 2}\n`);
  writeFileSync(join(workdir, 'train.csv'), `id,text,${sampleLabels.join(',')}\n${rows.join('')}`);
  writeFileSync(join(workdir, 'test.csv'), 'id,text\na,one\n');
}

export function samplePipeline(workdir: string): Record<string, unknown> {
  return {
    name: 'doors',
    labels: sampleLabels,
    data: { train: `${workdir}/train.csv`, test: `${workdir}/test.csv`, text: ['text'], id: 'id' },
    folds: { count: 2, strategy: 'stratified', seed: 42 },
    model: {
      scratch: { type: 'bert', hiddenSize: 8, layers: 1, heads: 1, intermediateSize: 8, vocabulary: 20 },
      maxLength: 16,
    },
    training: { epochs: 1 },
  };
}

export function sampleCall(step: StepName, workdir: string): Record<string, unknown> {
  return {
    run: 'run',
    pipeline: samplePipeline(workdir),
    step,
    key: 'a'.repeat(64),
    settings: { fresh: false, device: 'cpu', threads: 1 },
    inputs: inputsOf[step](),
    ...(step === 'fold' ? { fold: 1 } : {}),
    ...(step === 'report' ? { seconds: { data: 1 }, reused: [] } : {}),
  };
}

export type StepName = 'data' | 'fold' | 'oof' | 'thresholds' | 'submission' | 'report';

export const activityOf = {
  data: 'prepareData',
  fold: 'trainFold',
  oof: 'aggregateOof',
  thresholds: 'tuneThresholds',
  submission: 'predictEnsemble',
  report: 'writeReport',
} as const;

export const artifact = (letter = 'b') => {
  const sha256 = letter.repeat(64);
  return { uri: `artifact:sha256/${sha256}`, sha256, bytes: 10 };
};

const dataset = () => ({
  rows: { train: 12, test: 1 },
  table: artifact(),
  trainIds: artifact(),
  test: artifact(),
  warnings: [],
});

export const trainedFold = (fold: unknown, changes: Record<string, unknown> = {}) => ({
  fold,
  bestEpoch: 1,
  epochs: [{ epoch: 1, trainLoss: 0.5, valLoss: null, macroF1: 0.5 }],
  rows: artifact(),
  probabilities: artifact(),
  model: { 'config.json': artifact(), 'onnx/model.onnx': artifact() },
  device: 'cpu',
  threads: 1,
  attempts: 1,
  seed: 42,
  seconds: 1,
  warnings: [],
  ...changes,
});

/** Of two members, of which one lacks a fold. */
export const ensembleOutOfFold = (changes: Record<string, unknown> = {}) => ({
  method: 'greedy',
  members: ['seed-1', 'seed-2'].map((id) => ({
    id,
    probabilities: artifact(),
    csv: artifact(),
    skippedFolds: id === 'seed-1' ? [] : [2],
  })),
  dropped: [],
  weights: { final: [0.5, 0.5], without: [{ fold: 1, weights: [0.25, 0.75] }] },
  ...changes,
});

export const outOfFold = () => ({
  probabilities: artifact(),
  csv: artifact(),
  rowsWithoutOof: 0,
  skippedFolds: [],
});

const tuned = () => ({
  thresholds: { joy: 0.5, fear: 0.5 },
  macroF1: { atHalf: 0.5, tuned: 0.5, crossFitted: null },
  perLabel: {
    joy: { atHalf: 0.5, tuned: 0.5, crossFitted: 0.5, support: 6 },
    fear: { atHalf: 0.5, tuned: 0.5, crossFitted: 0.5, support: 6 },
  },
});

const folds = () => [trainedFold(1), trainedFold(2)];

const inputsOf: Record<StepName, () => Record<string, unknown>> = {
  data: () => ({}),
  fold: () => ({ data: dataset() }),
  oof: () => ({ data: dataset(), fold: folds() }),
  thresholds: () => ({ data: dataset(), oof: outOfFold() }),
  submission: () => ({ data: dataset(), fold: folds(), thresholds: tuned() }),
  report: () => ({
    data: dataset(),
    fold: folds(),
    oof: outOfFold(),
    thresholds: tuned(),
    submission: { submission: artifact(), rows: 1 },
  }),
};
