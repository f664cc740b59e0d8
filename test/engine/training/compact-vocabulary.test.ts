import { describe, expect, it } from 'vitest';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import { linearWarmup } from '../../../engine/schedules/schedule.js';
import { CompactVocabulary } from '../../../engine/inference/compact-vocabulary.js';
import { untouchedFactor, type ParameterGroup } from '../../../engine/optim/parameter-groups.js';
import { Trainer } from '../../../engine/training/trainer.js';
import type { Classifier } from '../../../engine/models/family.js';
import type { GoldenBatch } from '../models/golden-model.js';
import { goldenBatches, goldenClassifier, goldenTensors } from '../models/golden-model.js';
import { weightsOf, writeWeights } from '../device/weights.js';

const STEPS = 10;
const WEIGHT_DECAY = 0.1;
/** Rates and decay far above those in use, so that a row which only decays loses a thirtieth. */
const rates = Array.from({ length: STEPS }, (_, step) => linearWarmup(step, 0.1, 2, STEPS));

/** Both trainings do the same arithmetic in the same order: what they share is the same to the last bit or two. */
const TRAINED = 1e-6;
/** Ten roundings of a product against one. */
const DECAYED = 1e-6;

/** Weights after ten steps, by name, and the group of the word embedding; that has the rows `vocabulary` names. */
async function train(
  classifier: Classifier,
  start: ReadonlyMap<string, Float32Array>,
  batches: readonly GoldenBatch[],
  vocabulary: { readonly size: number; compact(text: Int32Array): Int32Array },
): Promise<{ weights: Map<string, Float32Array>; words: ParameterGroup }> {
  const trainer = await Trainer.create({
    device: new CpuDevice(2),
    classifier,
    vocabulary: vocabulary.size,
    loss: 'binaryCrossEntropy',
    dropout: true,
    mostTokens: 100,
    optimizer: { weightDecay: WEIGHT_DECAY, maxGradNorm: 1 },
    layers: { layerDecay: 0.9, freezeLayers: null },
  });
  await writeWeights(trainer, start);
  for (const [step, rate] of rates.entries()) {
    const { tokens, labels } = batches[step % batches.length] as GoldenBatch;
    const texts = tokens.map((ids) => vocabulary.compact(Int32Array.from(ids)));
    await trainer.step(texts, labels, rate, step, [42, 1]);
  }
  const weights = await weightsOf(trainer);
  await trainer.close();
  return { weights, words: trainer.groupOf(classifier.wordEmbedding) };
}

function rowsOf(table: Float32Array, rows: Int32Array, width: number): Float32Array {
  return Float32Array.from(
    Array.from(rows).flatMap((row) => [...table.subarray(row * width, (row + 1) * width)]),
  );
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a).toHaveLength(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}

const dropout = { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 };

describe.each([
  ['bert', 'without dropout', {}],
  ['bert', 'with dropout', dropout],
  ['deberta-v3', 'without dropout', {}],
  ['deberta-v3', 'with dropout', dropout],
])('ten steps of %s %s', (model, _, changes) => {
  it('with the rows that occur, the others restored by their decay, equal ten steps with all rows', async () => {
    const classifier = goldenClassifier(model, changes);
    const start = await goldenTensors(model, 'model.safetensors');
    const batches = Object.values(goldenBatches(model));
    const texts = batches.flatMap(({ tokens }) => tokens.map((ids) => Int32Array.from(ids)));
    const occurring = CompactVocabulary.of(texts);
    const untouched = Int32Array.from({ length: classifier.vocabulary }, (_, id) => id).filter(
      (id) => !occurring.rows.includes(id),
    );
    expect(untouched.length).toBeGreaterThan(5);

    const words = start.get(classifier.wordEmbedding) as Float32Array;
    const width = words.length / classifier.vocabulary;
    const compactStart = new Map(start).set(classifier.wordEmbedding, rowsOf(words, occurring.rows, width));
    const { weights: all, words: group } = await train(classifier, start, batches, {
      size: classifier.vocabulary,
      compact: (text) => text,
    });
    const { weights: few } = await train(classifier, compactStart, batches, occurring);

    for (const [name, expected] of all) {
      const ours = few.get(name) as Float32Array;
      const whole = name === classifier.wordEmbedding ? rowsOf(expected, occurring.rows, width) : expected;
      expect(largestDifference(ours, whole), name).toBeLessThan(TRAINED);
    }
    const factor = untouchedFactor(group, rates, WEIGHT_DECAY);
    expect(factor).toBeLessThan(0.97);
    const restored = rowsOf(words, untouched, width).map((value) => value * factor);
    const trained = rowsOf(all.get(classifier.wordEmbedding) as Float32Array, untouched, width);
    const largest = restored.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largestDifference(restored, trained) / largest).toBeLessThan(DECAYED);
  });
});

describe('the vocabulary in use', () => {
  const vocabulary = CompactVocabulary.of([Int32Array.of(1, 90, 7, 2), Int32Array.of(1, 7, 100_000, 2)]);

  it('has each id that occurs once, in ascending order of numbers', () => {
    expect([...vocabulary.rows]).toEqual([1, 2, 7, 90, 100_000]);
    expect(vocabulary.size).toBe(5);
  });

  it('turns an id into its place, and back', () => {
    const compact = vocabulary.compact(Int32Array.of(100_000, 1, 90));
    expect([...compact]).toEqual([4, 0, 3]);
    expect([...compact].map((place) => vocabulary.rows[place])).toEqual([100_000, 1, 90]);
  });

  it('refuses an id that did not occur', () => {
    expect(() => vocabulary.compact(Int32Array.of(1, 3))).toThrow('token 3 is not of this vocabulary');
  });
});
