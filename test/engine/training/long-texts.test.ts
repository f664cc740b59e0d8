import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import { linearWarmup } from '../../../engine/schedules/schedule.js';
import { loadTokenizer, parseTokenizer } from '../../../engine/tokenization/tokenizer.js';
import { learnVocabulary } from '../../../engine/tokenization/vocabulary.js';
import { packBatch } from '../../../engine/inference/batch.js';
import { trainFold } from '../../../engine/training/fold.js';
import type { FoldJob, FoldOutcome } from '../../../engine/training/job.js';
import { checkMemory, largestBatchOf } from '../../../engine/training/memory-need.js';
import { predictTexts } from '../../../engine/inference/predict.js';
import { cut, readingOf, windowed, windowsOf } from '../../../engine/inference/reading.js';
import { scratchModel } from '../../../engine/training/scratch-model.js';
import { tokenize } from '../../../engine/inference/tokenize.js';
import { Trainer } from '../../../engine/training/trainer.js';
import type { ModelUse } from '../../../pipeline/pipeline.js';
import type { TrainingOptions } from '../../../pipeline/training.js';
import { goldenBatches, goldenClassifier, goldenJson, goldenTensors } from '../models/golden-model.js';
import { expectMoved, expectStep, LOSS, NORM, type CurveSettings } from './golden-curve.js';
import { bits, folder, interrupted, job, never, texts, useSmallFolds } from './small-fold.js';
import { weightsOf, writeWeights } from '../device/weights.js';

/** What test/golden/models/generate_windows.py writes. */
const { cases, splits, ...settings } = goldenJson<
  CurveSettings & {
    splits: { ids: number[]; length: number; overlap: number; windows: number[][] }[];
    cases: {
      model: string;
      length: number;
      overlap: number;
      curve: { tokens: number[][]; labels: number[][]; loss: number; gradNorm: number }[];
      moved: Record<string, number>;
    }[];
  }
>('.', 'windows.json');

const range = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

describe('a text that is too long', () => {
  const text = (tokens: number): Int32Array => Int32Array.of(1, ...range(100, tokens), 2);

  it('keeps 128 tokens of its head and 382 of its tail where both are kept of 512', () => {
    expect([...cut(text(1000), 512, 'both')]).toEqual([1, ...range(100, 128), ...range(100 + 618, 382), 2]);
  });

  it.each([
    ['head', 8, [1, ...range(100, 6), 2]],
    ['tail', 8, [1, ...range(114, 6), 2]],
    ['both', 8, [1, ...range(100, 2), ...range(116, 4), 2]],
    ['both', 3, [1, 119, 2]],
    ['head', 3, [1, 100, 2]],
    ['tail', 3, [1, 119, 2]],
  ] as const)('is cut to its %s, special tokens kept: at most %i', (truncation, longest, kept) => {
    expect([...cut(text(20), longest, truncation)]).toEqual(kept);
  });

  it.each(['head', 'tail', 'both'] as const)('and is left whole where it fits: %s', (truncation) => {
    for (const tokens of [0, 1, 6]) expect(cut(text(tokens), 8, truncation)).toEqual(text(tokens));
  });

  it('is split as the tokenizers library splits it', () => {
    expect(splits.length).toBeGreaterThan(50);
    for (const { ids, windows, ...how } of splits)
      expect(windowsOf(Int32Array.from(ids), how).map((window) => [...window])).toEqual(windows);
  });

  it('has at most as many windows as it is told, which hold all that is kept', () => {
    for (const [maxLength, overlap, most] of [
      [7, 2, 3],
      [12, 0, 4],
      [10, 7, 9],
    ] as const) {
      const { longest, windows } = readingOf({ maxLength, windows: { overlap, most } }, { maxLength: null });
      const split = windowsOf(cut(text(1000), longest, 'head'), windows!);
      expect(split).toHaveLength(most);
      expect(new Set(split.map((window) => window.length))).toEqual(new Set([maxLength]));
      expect(split.at(-1)!.at(-2)).toBe(100 + longest - 3);
    }
  });

  it('is refused where its windows would not move on: the model takes fewer tokens than the pipeline', () => {
    const use = { maxLength: 512, windows: { overlap: 62, most: 3 } };
    expect(() => readingOf(use, { maxLength: 64 })).toThrow(/overlap.*found 62.*fewer than 62/s);
    expect(readingOf(use, { maxLength: 65 }).windows).toEqual({ length: 65, overlap: 62 });
  });
});

describe('a batch of texts in windows', () => {
  it('gives each text one row of logits, in the order given, and each of its windows an equal share', () => {
    const classifier = windowed(goldenClassifier('bert'), { length: 6, overlap: 1 });
    const batch = packBatch(
      [9, 3, 14].map((length) => Int32Array.of(1, ...range(4, length - 2), 2)),
      classifier,
      2,
    );
    expect(batch.order).toEqual([0, 1, 2]);
    const { shape, data } = batch.feeds['windowShare']!;
    expect(shape).toEqual([3, 7]);
    const rows = range(0, 3).map((row) => [...(data as Float32Array).subarray(row * 7, (row + 1) * 7)]);
    expect(rows.map((row) => row.filter((share) => share > 0).length)).toEqual([2, 1, 4]);
    for (const row of rows) expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
  });
});

describe('ten steps of texts in windows', () => {
  it.each(cases)('follow PyTorch: $model, windows of $length', async (golden) => {
    const { model, curve, moved, ...windows } = golden;
    const classifier = windowed(goldenClassifier(model), windows);
    const first = await goldenTensors(model, 'model.safetensors');
    const trainer = await Trainer.create({
      device: new CpuDevice(1),
      classifier,
      vocabulary: classifier.vocabulary,
      loss: 'binaryCrossEntropy',
      dropout: false,
      mostTokens: 300,
      optimizer: settings,
    });
    await writeWeights(trainer, first);
    for (const [step, expected] of curve.entries()) {
      const rate = linearWarmup(step, settings.learningRate, settings.warmupSteps, settings.steps);
      const tokens = expected.tokens.map((ids) => Int32Array.from(ids));
      expectStep(await trainer.step(tokens, expected.labels, rate, step, [0, 0]), expected, step);
    }
    const ends = await weightsOf(trainer);
    expectMoved(first, moved, (name) => ends.get(name)!, goldenBatches(model));
    await trainer.close();
  });
});

describe('a long text', () => {
  it('weighs no more than a short one: with the same windows again and again it teaches the same', async () => {
    const classifier = windowed(goldenClassifier('bert'), { length: 7, overlap: 0 });
    const [body, other] = [range(20, 5), range(40, 4)];
    const labels = [
      [1, 0, 1, 0, 1],
      [0, 1, 1, 0, 0],
    ];
    const weights = await goldenTensors('bert', 'model.safetensors');
    const results = await Promise.all(
      [1, 4].map(async (times) => {
        const trainer = await Trainer.create({
          device: new CpuDevice(1),
          classifier,
          vocabulary: classifier.vocabulary,
          loss: 'binaryCrossEntropy',
          dropout: false,
          mostTokens: 100,
          optimizer: settings,
        });
        await writeWeights(trainer, weights);
        const long = Int32Array.of(1, ...range(0, times).flatMap(() => body), 2);
        const result = await trainer.step([long, Int32Array.of(1, ...other, 2)], labels, 1e-3, 0, [0, 0]);
        await trainer.close();
        return result;
      }),
    );
    const [once, often] = results as [(typeof results)[0], (typeof results)[0]];
    expect(Math.abs(often.loss - once.loss)).toBeLessThan(LOSS);
    expect(Math.abs(often.gradientNorm / once.gradientNorm - 1)).toBeLessThan(NORM);
  });
});

describe('the memory of a step', () => {
  it('is that of all windows of its texts, and so is what would do', () => {
    const sizes = { hiddenSize: 768, layers: 12, heads: 12, intermediateSize: 3072, vocabulary: 100 };
    const { classifier } = scratchModel({ type: 'bert', ...sizes }, 512, 5);
    const use = { maxLength: 512, windows: { overlap: 64, most: 8 } };
    checkMemory(classifier, largestBatchOf(use, classifier, 42));
    expect(() => checkMemory(classifier, largestBatchOf(use, classifier, 64))).toThrow(
      /training\.batchSize to 42\b/,
    );
  });
});

useSmallFolds();

/** Texts of 6 to 30 tokens, of which a model sees 8 at once. */
const reading = (use: Omit<ModelUse, 'maxLength'>, changes: Partial<FoldJob> = {}) => {
  const made = job('bert', changes, { epochs: 2, bestBy: 'last' });
  return { ...made, model: { ...made.model, maxLength: 8, ...use } };
};

const train = (use: Omit<ModelUse, 'maxLength'>, training: Partial<TrainingOptions> = {}) => {
  const made = reading(use);
  return trainFold({ ...made, training: { ...made.training, ...training } }, () => undefined, never);
};

function exportedTo(name: string, { model }: FoldOutcome): string {
  const target = join(folder, name);
  for (const [file, path] of Object.entries(model)) {
    mkdirSync(join(target, file, '..'), { recursive: true });
    copyFileSync(path, join(target, file));
  }
  return target;
}

const uses = [
  { truncation: 'head' },
  { truncation: 'tail' },
  { truncation: 'both' },
  { windows: { overlap: 2, most: 3 } },
  { windows: { overlap: 0, most: 2 }, truncation: 'tail' },
] as const;

describe('a fold of long texts', () => {
  it.each(uses)('read by %o scores as its exported folder does, whoever runs it', async (use) => {
    const outcome = await train(use);
    const exported = exportedTo(`read-${JSON.stringify(use).replaceAll(/\W/g, '-')}`, outcome);
    const held = outcome.rows.map((row) => texts[row]!);
    const scored = await predictTexts(exported, held, { maxLength: 8, threads: 1 });
    const judged = new Float32Array(new Uint8Array(readFileSync(outcome.probabilities)).buffer);
    expect(scored).toHaveLength(judged.length);
    scored.forEach((p, i) => expect(Math.abs(p - judged[i]!)).toBeLessThan(1e-6));
    const config = JSON.parse(readFileSync(join(exported, 'config.json'), 'utf8')) as Record<string, unknown>;
    expect(config['foldwise']).toEqual(use);
  });

  it('is the same bits with the head kept by name as with nothing said, but for what the folder says', async () => {
    const { model: plain, ...others } = bitsOf(await train({}));
    const { model: named, ...same } = bitsOf(await train({ truncation: 'head' }));
    expect(same).toEqual(others);
    expect(named['config.json']).not.toBe(plain['config.json']);
    expect({ ...named, 'config.json': '' }).toEqual({ ...plain, 'config.json': '' });
  });

  it('is another with each way to read', async () => {
    const outcomes = await Promise.all([{}, ...uses.slice(1)].map((use) => train(use)));
    expect(new Set(outcomes.map((outcome) => bits(outcome)['probabilities'])).size).toBe(outcomes.length);
  });

  it.each(uses.slice(2))(
    'read by %o ends with the same bits where it is stopped and resumed',
    async (use) => {
      const whole = await train(use);
      const { outcome } = await interrupted((changes) => reading(use, changes), [4, 9]);
      expect(outcome.epochs).toEqual(whole.epochs);
      expect(bits(outcome)).toEqual(bits(whole));
    },
  );

  it('in windows passes twice, draws several times, and adds up batches', async () => {
    const options = { rDrop: 1, dropoutSamples: 2, accumulate: 2, fgm: 0.1 };
    const outcome = await train({ windows: { overlap: 2, most: 3 } }, options);
    expect(outcome.epochs.every(({ trainLoss }) => trainLoss > 0 && trainLoss < 3)).toBe(true);
  });

  it('reads a checkpoint of long texts as the pipeline says, not as its former training did', async () => {
    const checkpoint = exportedTo('former', await train({ windows: { overlap: 2, most: 3 } }));
    const made = reading({});
    const model = { checkpoint, maxLength: 8 };
    const exported = exportedTo('anew', await trainFold({ ...made, model }, () => undefined, never));
    const config = JSON.parse(readFileSync(join(exported, 'config.json'), 'utf8')) as object;
    expect(config).not.toHaveProperty('foldwise');
  });

  it('is not scored by a folder that says nonsense of how texts are read', async () => {
    const exported = exportedTo('nonsense', await train({ truncation: 'tail' }));
    const path = join(exported, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as object;
    for (const foldwise of [{ truncation: 'middle' }, { windows: { overlap: -1, most: 2 } }, [], 'x']) {
      writeFileSync(path, JSON.stringify({ ...config, foldwise }));
      await expect(predictTexts(exported, ['a'], { maxLength: 8, threads: 1 })).rejects.toThrow(/'foldwise'/);
    }
  });
});

describe('an exported tokenizer', () => {
  it.each([
    ['tail', 'left'],
    ['head', 'right'],
    ['both', 'right'],
  ] as const)('of texts cut to their %s cuts on the %s', async (truncation, side) => {
    const exported = exportedTo(`cuts-${truncation}`, await train({ truncation }));
    const config = JSON.parse(readFileSync(join(exported, 'tokenizer_config.json'), 'utf8')) as object;
    expect(config).toHaveProperty('truncation_side', side);
    if (truncation === 'both') return;
    const tokenizer = await loadTokenizer(exported);
    const whole = { longest: 8, truncation };
    expect(await tokenize(tokenizer, texts, whole)).toEqual(await tokenizer.encode(texts, 8));
  });
});

describe('texts read whole and then cut', () => {
  it.each(['bert', 'deberta-v2'] as const)('are those that the tokenizer cuts: %s', async (type) => {
    const tokenizer = await parseTokenizer(learnVocabulary(texts, { size: 80, type }));
    const long = [...texts, '', texts.join(' '), '[SEP] [CLS] good [SEP]', 'x'.repeat(300)];
    for (const longest of [3, 8, 20]) {
      const ours = await tokenize(tokenizer, long, { longest, truncation: 'head' });
      expect(ours).toEqual(await tokenizer.encode(long, longest));
    }
  });
});

function bitsOf(outcome: FoldOutcome) {
  const { probabilities, ...model } = bits(outcome);
  return { probabilities, model, epochs: outcome.epochs };
}
