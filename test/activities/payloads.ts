import { MockActivityEnvironment } from '@temporalio/testing';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createActivities, type Activities } from '../../activities/index.js';
import type { Services } from '../../activities/services.js';
import { createServices } from '../../worker/services.js';
import { FakePredictor, FakeTrainer, fakeModels, tablesHere } from '../workflows/fake-trainer.js';

export const labels = ['joy', 'fear'];
const quiet = { trace: none, debug: none, info: none, warn: none, error: none, log: none };

/** A worker's activities over a workdir of their own, called as Temporal calls them. */
export class Doors {
  readonly folder = mkdtempSync(join(tmpdir(), 'foldwise-doors-'));
  readonly workdir = join(this.folder, 'workdir');
  readonly services: Services;
  private readonly activities: Activities;

  constructor(services: Partial<Services> = {}) {
    mkdirSync(this.workdir);
    const rows = Array.from({ length: 12 }, (_, row) => `r${row},text ${row},${row % 2},${row % 2}\n`);
    writeFileSync(join(this.workdir, 'train.csv'), `id,text,${labels.join(',')}\n${rows.join('')}`);
    writeFileSync(join(this.workdir, 'test.csv'), 'id,text\na,one\n');
    writeFileSync(join(this.folder, 'outside.csv'), 'id,text\na,one\n');
    this.services = {
      ...createServices({ workdir: this.workdir, roots: [this.workdir], searchAttributes: false }),
      trainer: new FakeTrainer(),
      predictor: new FakePredictor(labels.length),
      models: fakeModels,
      tables: tablesHere,
      engineSignature: () => 'fake engine',
      ...services,
    };
    this.activities = createActivities(this.services);
  }

  /** @param occasion the attempt, and the workflow that it is for; by default one and the same */
  call(
    activity: keyof Activities,
    argument: unknown,
    occasion: { readonly attempt?: number; readonly execution?: unknown } = {},
  ): Promise<unknown> {
    const info: Record<string, unknown> = { attempt: occasion.attempt ?? 1 };
    if ('execution' in occasion) info['workflowExecution'] = occasion.execution;
    const environment = new MockActivityEnvironment(info, { logger: quiet });
    return environment.run(() => this.activities[activity](argument));
  }

  /** Every file there is, the worker's and its neighbours'. */
  files(): string[] {
    return readdirSync(this.folder, { recursive: true }).map(String).sort();
  }

  pipeline(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      name: 'doors',
      labels,
      data: {
        train: join(this.workdir, 'train.csv'),
        test: join(this.workdir, 'test.csv'),
        text: ['text'],
        id: 'id',
      },
      folds: { count: 2, strategy: 'stratified', seed: 42 },
      model: {
        scratch: { type: 'bert', hiddenSize: 8, layers: 1, heads: 1, intermediateSize: 8, vocabulary: 20 },
        maxLength: 16,
      },
      training: { epochs: 1 },
      ...changes,
    };
  }

  /** The argument of a step's activity, well formed, with a few things changed. */
  argument(step: StepName, changes: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      run: 'run',
      pipeline: this.pipeline(),
      step,
      key: 'a'.repeat(64),
      settings: { fresh: false, device: 'cpu', threads: 1 },
      inputs: inputsOf[step](),
      ...(step === 'fold' ? { fold: 1 } : {}),
      ...(step === 'report' ? { seconds: { data: 1 }, reused: [] } : {}),
      ...changes,
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
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

const outOfFold = () => ({ probabilities: artifact(), csv: artifact(), rowsWithoutOof: 0, skippedFolds: [] });

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

function none(): void {
  // Says nothing.
}
