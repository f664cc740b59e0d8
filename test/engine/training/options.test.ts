import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeTrainingTable } from '../../../data/prepared-table.js';
import { trainFold, TrainingStopped } from '../../../engine/training/fold.js';
import type { FoldCheckpoint, FoldJob, FoldMessage, FoldOutcome } from '../../../engine/training/job.js';
import { predictTexts } from '../../../engine/inference/predict.js';
import type { TrainingOptions } from '../../../pipeline/training.js';
import type { TaskName } from '../../../tasks/task.js';
import { bits, folder, interrupted, job, never, table, texts, useSmallFolds } from './small-fold.js';

useSmallFolds();

/** The same texts with one class each. */
const classes = { ...table, labels: table.labels.map(([good = 0]) => [good, 1 - good]) };

beforeAll(() => {
  writeTrainingTable(join(folder, 'classes'), classes);
});

const tasks = {
  'multi-label': {},
  'single-label': { task: 'single-label', table: join(folder, 'classes') },
} as const satisfies Record<TaskName, Partial<FoldJob>>;

const train = (training: Partial<TrainingOptions>, task: TaskName = 'multi-label'): Promise<FoldOutcome> =>
  trainFold(job('bert', tasks[task], { epochs: 2, ...training }), () => undefined, never);

/** Each option by a value other than its neutral one. */
const options: readonly (readonly [title: string, settings: Partial<TrainingOptions>])[] = [
  ['a cosine schedule', { schedule: 'cosine' }],
  ['a polynomial schedule', { schedule: 'polynomial', schedulePower: 2 }],
  ['a rate that falls from layer to layer', { layerDecay: 0.7 }],
  ['gradients of three batches added up', { accumulate: 3 }],
  ['a moving average of the weights', { ema: 0.8 }],
  ['an average over epochs', { swa: 1 }],
  ['smoothed labels', { labelSmoothing: 0.1 }],
  ['given weights of labels', { classWeights: { loud: 3 } }],
  ['balanced weights of labels', { classWeights: 'balanced' }],
  ['the focal loss', { focalGamma: 2 }],
  ['several draws of the last dropout', { dropoutSamples: 3 }],
  ['two passes of each text', { rDrop: 1 }],
  ['perturbed word embeddings', { fgm: 0.5 }],
  ['perturbed weights from the second epoch on', { awp: { rate: 0.1, epsilon: 0.2, from: 2 } }],
  [
    'perturbed weights of two passes, and gradients of two batches added up',
    { rDrop: 1, accumulate: 2, ema: 0.8, fgm: 0.5 },
  ],
  [
    'two passes and several draws, and gradients of two batches added up',
    { rDrop: 1, dropoutSamples: 2, accumulate: 2 },
  ],
];
/** Those that one of the tasks alone has. */
const forMany: typeof options = [
  ['the asymmetric loss', { asymmetric: { gammaNegative: 4, gammaPositive: 0, margin: 0.05 } }],
];
const cases = [
  ...options.flatMap(([title, settings]) =>
    (['multi-label', 'single-label'] as const).map((task) => [title, task, settings] as const),
  ),
  ...forMany.map(([title, settings]) => [title, 'multi-label', settings] as const),
];

describe('a fold trained with', () => {
  const plain = new Map<TaskName, FoldOutcome>();
  beforeAll(async () => {
    for (const task of ['multi-label', 'single-label'] as const) plain.set(task, await train({}, task));
  });

  it.each(cases)(
    '%s, %s, is another, and the same however often it was stopped',
    async (_, task, settings) => {
      const whole = await train(settings, task);
      const { outcome } = await interrupted(
        (changes) => job('bert', { ...tasks[task], ...changes }, { epochs: 2, ...settings }),
        // In the middle of the second epoch, which has fewer steps where each takes several batches.
        [settings.accumulate === undefined ? 10 : 4],
      );
      expect(outcome.epochs).toEqual(whole.epochs);
      expect(bits(outcome)).toEqual(bits(whole));
      expect(whole.epochs).not.toEqual(plain.get(task)?.epochs);
    },
  );
});

describe('perturbed weights', () => {
  it('begin with the epoch that is named', async () => {
    const plain = await train({ epochs: 3, bestBy: 'last' });
    const perturbed = await train({ epochs: 3, bestBy: 'last', awp: { rate: 0.1, epsilon: 0.2, from: 2 } });
    expect(perturbed.epochs[0]).toEqual(plain.epochs[0]);
    expect(perturbed.epochs[1]!.trainLoss).not.toBe(plain.epochs[1]!.trainLoss);
  });

  it.each([{ fgm: 0.5 }, { awp: { rate: 0.1, epsilon: 0.2, from: 1 } }])(
    'of %o are not those that are exported',
    async (perturbation) => {
      const outcome = await train({ bestBy: 'last', ...perturbation });
      await expectExported(outcome, `perturbed-${Object.keys(perturbation).join()}`);
    },
  );
});

describe('layers that are computed again on the way back', () => {
  it.each(['multi-label', 'single-label'] as const)('change no bit of a fold, %s', async (task) => {
    const [kept, again] = [await train({}, task), await train({ gradientCheckpointing: true }, task)];
    expect(again.epochs).toEqual(kept.epochs);
    expect(bits(again)).toEqual(bits(kept));
  });

  it('may begin in the middle of a fold, where its memory has run out', async () => {
    const [whole, stop] = [await train({}), new AbortController()];
    let resume: FoldCheckpoint[] = [];
    const listen = (message: FoldMessage): void => {
      if (message.type === 'step' && message.step === 4) stop.abort();
      if (message.type === 'checkpoint') resume = [message.checkpoint, ...resume];
    };
    const settings = { epochs: 2 };
    await expect(trainFold(job('bert', {}, settings), listen, stop.signal)).rejects.toThrow(TrainingStopped);
    const messages: FoldMessage[] = [];
    const changed = job('bert', { resume }, { ...settings, gradientCheckpointing: true });
    const outcome = await trainFold(changed, (message) => messages.push(message), never);
    expect(messages).toContainEqual(expect.objectContaining({ type: 'started', resumedFrom: 4 }));
    expect(bits(outcome)).toEqual(bits(whole));
  });
});

describe('averaged weights', () => {
  it.each([{ ema: 0.8 }, { swa: 2 }])('of %o are those that are judged and exported', async (averaging) => {
    const outcome = await train({ epochs: 4, bestBy: 'last', ...averaging });
    const raw = await train({ epochs: 4, bestBy: 'last' });
    expect(outcome.epochs.map(({ trainLoss }) => trainLoss)).toEqual(
      raw.epochs.map(({ trainLoss }) => trainLoss),
    );
    expect(bits(outcome)).not.toEqual(bits(raw));

    await expectExported(outcome, `averaged-${Object.keys(averaging).join()}`);
  });

  it('over epochs begin with the epoch that is named', async () => {
    const raw = await train({ epochs: 3, bestBy: 'last' });
    const averaged = await train({ epochs: 3, bestBy: 'last', swa: 2 });
    expect(averaged.epochs.slice(0, 2)).toEqual(raw.epochs.slice(0, 2));
    expect(averaged.epochs[2]!.valLoss).not.toBe(raw.epochs[2]!.valLoss);
  });
});

describe('several evaluations of an epoch', () => {
  /** Validation losses that fall and rise again within an epoch. */
  const training = { epochs: 3, learningRate: 0.1, bestBy: 'valLoss' } as const;

  it('choose among more weights, and change nothing of how these come about', async () => {
    const once = await train(training);
    const often = await train({ ...training, evaluations: 7 });
    const trainLosses = (outcome: FoldOutcome): number[] => outcome.epochs.map(({ trainLoss }) => trainLoss);
    expect(trainLosses(often)).toEqual(trainLosses(once));
    often.epochs.forEach(({ valLoss }, i) => expect(valLoss).toBeLessThanOrEqual(once.epochs[i]!.valLoss));
    const best = ({ epochs }: FoldOutcome): number => Math.min(...epochs.map(({ valLoss }) => valLoss));
    expect(best(often)).toBeLessThan(best(once));
    expect(often.epochs[often.bestEpoch - 1]!.valLoss).toBe(best(often));
    expect(bits(often)).not.toEqual(bits(once));
  });

  it('export the weights that were kept, and their probabilities', async () => {
    const outcome = await train({ ...training, evaluations: 7 });
    await expectExported(outcome, 'evaluations');
  });

  it.each([1, 3, 9, 15])('end with the same bits where the fold is stopped after step %i', async (at) => {
    const settings = { ...training, evaluations: 7 };
    const whole = await train(settings);
    const { outcome } = await interrupted((changes) => job('bert', changes, settings), [at]);
    expect(outcome.epochs).toEqual(whole.epochs);
    expect(outcome.bestEpoch).toBe(whole.bestEpoch);
    expect(bits(outcome)).toEqual(bits(whole));
  });
});

/** The exported model scores the held-out rows as the fold did. */
async function expectExported({ model, rows, probabilities }: FoldOutcome, name: string): Promise<void> {
  const exported = join(folder, name);
  for (const [file, path] of Object.entries(model)) {
    mkdirSync(join(exported, file, '..'), { recursive: true });
    copyFileSync(path, join(exported, file));
  }
  const held = rows.map((row) => texts[row]!);
  const scored = await predictTexts(exported, held, { maxLength: 32, threads: 1 });
  const judged = new Float32Array(new Uint8Array(readFileSync(probabilities)).buffer);
  scored.forEach((p, i) => expect(Math.abs(p - judged[i]!)).toBeLessThan(1e-6));
}

describe('early stopping', () => {
  it('ends a fold after as many epochs without a better one, and keeps the best', async () => {
    const training = { epochs: 6, learningRate: 0.1, bestBy: 'valLoss' } as const;
    const all = await train(training);
    const stopped = await train({ ...training, patience: 1 });
    const losses = all.epochs.map(({ valLoss }) => valLoss);
    const worse = losses.findIndex((loss, i) => i > 0 && loss >= Math.min(...losses.slice(0, i)));
    expect(worse, 'the loss rises at some epoch before the last').toBeGreaterThan(0);
    expect(worse).toBeLessThan(5);
    expect(stopped.epochs).toEqual(all.epochs.slice(0, worse + 1));
    expect(stopped.bestEpoch).toBe(worse);
  });

  it('changes nothing where each epoch is better than the one before', async () => {
    const training = { epochs: 3, learningRate: 2e-3, bestBy: 'valLoss' } as const;
    const all = await train(training);
    expect(all.bestEpoch).toBe(3);
    expect(bits(await train({ ...training, patience: 1 }))).toEqual(bits(all));
  });

  it('ends at the same epoch where the fold is stopped and resumed', async () => {
    const training = { epochs: 6, learningRate: 0.1, bestBy: 'valLoss', patience: 1 } as const;
    const whole = await train(training);
    const { outcome } = await interrupted((changes) => job('bert', changes, training), [5, 7]);
    expect(outcome.epochs).toEqual(whole.epochs);
    expect(bits(outcome)).toEqual(bits(whole));
  });
});
