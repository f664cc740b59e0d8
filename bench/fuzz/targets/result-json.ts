import { parseResult } from '../../../activities/result-file.js';
import { differingValues } from '../../../cli/comparison/differing.js';
import { renderReport } from '../../../report/page.js';
import { mutateBytes, mutateJson, mutateText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';

const scores = { atHalf: 0.6, tuned: 0.65, crossFitted: 0.63 };
const perLabel = { ...scores, support: 12, tunable: true, untunedFolds: [], spread: [0.4, 0.5] };
const standing = {
  intervals: { atHalf: [0.5, 0.7], crossFitted: [0.55, 0.7] },
  noSkill: { always: 0.4, guess: 0.3 },
  overNoSkill: { difference: 0.23, interval: [0.1, 0.3] },
  verdict: 'better',
};
const assessed = { ...standing, averagePrecision: 0.7, rocAuc: null, brier: 0.1, calibrationError: 0.05 };
const sought = { score: scores, precision: { ...scores, tuned: null }, recall: scores };
const calibration = { brier: 0.2, calibrationError: 0.1, logLoss: null };
const epoch = (number: number) => ({ epoch: number, trainLoss: 0.5, valLoss: 0.6, macroF1: 0.5 });
const fold = (number: number) => ({
  fold: number,
  bestEpoch: 2,
  epochs: [epoch(1), epoch(2)],
  device: 'cpu',
  threads: 2,
  attempts: 1,
  seed: 42,
  seconds: 3.5,
});

const sample: unknown = {
  run: 'reviews-20260101-000000-abcdef',
  pipeline: 'reviews',
  status: 'completed',
  labels: ['joy', 'fear'],
  rows: { train: 40, test: null },
  folds: [fold(1), fold(2)],
  macroF1: scores,
  thresholds: { joy: 0.45, fear: 0.5 },
  perLabel: { joy: perLabel, fear: { ...perLabel, tunable: false } },
  objectives: {
    macro: null,
    perLabel: {
      joy: { objective: { precision: 0.9 }, ...sought, held: { tuned: true, crossFitted: false } },
      fear: { objective: { cost: { falsePositive: 1, falseNegative: 5 } }, ...sought, held: null },
    },
  },
  calibration: {
    method: 'isotonic',
    before: { macro: calibration, perLabel: { joy: calibration, fear: calibration } },
    after: { macro: calibration, perLabel: { joy: calibration, fear: calibration } },
    calibrators: { joy: { knots: [0.1, 0.5], values: [0, 1] }, fear: { slope: 1, intercept: 0 } },
  },
  assessment: {
    macro: assessed,
    perLabel: { joy: assessed, fear: { ...assessed, verdict: 'not-shown' } },
    averages: {
      microF1: scores,
      weightedF1: scores,
      samplesF1: scores,
      subsetAccuracy: scores,
      jaccard: scores,
    },
    accuracy: standing,
  },
  skippedFolds: [],
  members: [
    { id: 'seed-1', settings: { 'training.seed': 1 }, macroF1: scores, skippedFolds: [] },
    { id: 'seed-2', settings: { 'model.checkpoint': '/home/someone/b' }, macroF1: null, skippedFolds: [2] },
  ],
  ensemble: {
    method: 'simplex',
    weights: { 'seed-1': 1 },
    gain: { overMean: { macroF1: 0.01, interval: [-0.01, 0.03] }, overBest: null },
  },
  rowsWithoutOof: 0,
  seconds: { data: 0.1, fold: 7, report: 0 },
  reused: ['data'],
  previous: { run: 'before', macroF1: scores, change: scores },
  versions: { foldwise: '0.1.0' },
  warnings: ['/home/someone/train.csv: 1 of 40 texts are empty.'],
  configuration: {
    name: 'reviews',
    labels: ['joy', 'fear'],
    data: { train: '/home/someone/train.csv', text: ['text'] },
    folds: { count: 2, strategy: 'stratified', seed: 42 },
    model: { checkpoint: '/home/someone/model', maxLength: 16 },
    training: { epochs: 2 },
    steps: { data: { run: 'prepareData' } },
  },
};

/** Where a plot was given what is no number. */
const unplaced = /\b(?:d|points|transform|[cr]?[xy][12]?|r|width|height)="[^"]*(?:NaN|undefined|Infinity)/;

/** A run's result.json, as `report`, `compare`, `predict` and the next run read it. */
export const resultJson: FuzzTarget = {
  name: 'result-json',
  reads: 'result.json',
  extension: '.json',
  make(dice) {
    const kind = dice.one(['bytes', 'text', 'json', 'json', 'json'] as const);
    if (kind === 'bytes') return mutateBytes(dice, Buffer.from(JSON.stringify(sample)));
    if (kind === 'text') return Buffer.from(mutateText(dice, JSON.stringify(sample)));
    return Buffer.from(JSON.stringify(mutateJson(dice, sample)));
  },
  run(input) {
    const result = parseResult(Buffer.from(input).toString('utf8'), 'result.json');
    const width = result.labels.length;
    const probabilities = Float32Array.from({ length: 4 * width }, (_, index) => (index % 7) / 7);
    const page = renderReport({
      result,
      outOfFold: { probabilities, labels: Uint8Array.from(probabilities, (p) => (p > 0.5 ? 1 : 0)) },
    });
    if (/<(?:script|img)/i.test(page)) throw new Error('a name became a part of the page');
    if (unplaced.test(page)) throw new Error('a mark is drawn nowhere');
    return Promise.resolve([page.length > 0, differingValues([result, result]).length]);
  },
};
