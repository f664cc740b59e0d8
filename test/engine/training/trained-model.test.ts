import { describe, expect, it } from 'vitest';
import type { Classifier } from '../../../engine/models/family.js';
import { bytesOfNeed } from '../../../engine/training/memory-need.js';
import { optionGroups } from '../../../engine/training/option-groups.js';
import { scratchModel } from '../../../engine/training/scratch-model.js';
import { checkTraining, optionsOfModel, trainedModel } from '../../../engine/training/trained-model.js';
import { InputFault } from '../../../errors/fault.js';
import { referenceTraining, type TrainingOptions } from '../../../pipeline/training.js';
import { goldenClassifier } from '../models/golden-model.js';

const sizes = { hiddenSize: 32, layers: 4, heads: 2, intermediateSize: 64, vocabulary: 100 };
const { classifier } = scratchModel({ type: 'bert', ...sizes }, 64, 2);
const use = { maxLength: 64 };
const batch = { texts: 16, length: 64 };

const texts = (options: Partial<TrainingOptions>, machineBytes: number): number =>
  trainedModel(classifier, optionGroups({ ...referenceTraining, ...options }), batch, { machineBytes })
    .textsAtOnce;

describe('a model and the options of a training', () => {
  const without = goldenClassifier('bert');
  it.each<readonly [options: Partial<TrainingOptions>, model: Classifier, where: string]>([
    [{ dropoutSamples: 2 }, without, 'training.dropoutSamples'],
    [{ rDrop: 1 }, without, 'training.rDrop'],
    [{ freezeLayers: 5 }, classifier, 'training.freezeLayers'],
    [{ reinitLayers: 4 }, classifier, 'training.reinitLayers'],
  ])(
    '%o are refused where they cannot work together, before anything is trained',
    (options, model, where) => {
      const check = (): unknown => checkTraining(model, use, { ...referenceTraining, ...options }, Infinity);
      expect(check).toThrow(InputFault);
      expect(check).toThrow(where);
      expect(checkTraining(model, use, referenceTraining, Infinity)).toEqual([]);
    },
  );

  it('may get dropout of adapters where the model has none', () => {
    const lora = { rank: 2, alpha: 4, dropout: 0.1, targets: 'attention' } as const;
    const options = { ...referenceTraining, rDrop: 1, lora };
    expect(checkTraining(without, use, options, Infinity)).toEqual([]);
  });
});

describe('of a batch as many texts pass at once as fit', () => {
  const enough = bytesOfNeed(classifier, batch);

  it('which is all of a plain batch', () => {
    expect(texts({}, enough)).toBe(16);
    expect(texts({}, enough - 1)).toBe(8);
  });

  it.each<Partial<TrainingOptions>>([
    { rDrop: 1 },
    { dropoutSamples: 100 },
    { fgm: 1 },
    { awp: { rate: 1, epsilon: 1, from: 1 } },
    { ema: 0.9 },
    { accumulate: 2 },
  ])('and fewer with %o', (options) => {
    expect(texts(options, enough)).toBeLessThan(16);
  });

  it.each<Partial<TrainingOptions>>([{ gradientCheckpointing: true }, { freezeLayers: 2 }])(
    'and all in less memory with %o',
    (options) => {
      expect(texts(options, 0.8 * enough)).toBe(16);
      expect(texts({}, 0.8 * enough)).toBeLessThan(16);
    },
  );

  it('and all in less still where what is frozen is computed once', () => {
    const frozen = { freezeLayers: 3 };
    const least = (options: Partial<TrainingOptions>): number =>
      [0.2, 0.3, 0.4, 0.5, 0.6, 0.7].find((share) => texts(options, share * enough) === 16) ?? 1;
    expect(least({ ...frozen, cacheFrozen: true })).toBeLessThan(least(frozen));
  });

  it('and fewer in windows, of which each may have several', () => {
    const windows = { maxLength: 64, windows: { overlap: 8, most: 4 } };
    expect(checkTraining(classifier, windows, referenceTraining, enough)).toHaveLength(1);
    expect(checkTraining(classifier, windows, referenceTraining, Infinity)).toEqual([]);
  });

  it('is told where it is not all', () => {
    expect(checkTraining(classifier, use, referenceTraining, enough)).toEqual([]);
    expect(checkTraining(classifier, use, { ...referenceTraining, rDrop: 1 }, enough).join()).toMatch(
      /^a batch of 16 texts does not fit the memory/,
    );
  });
});

it('members that differ in what a model has nothing to do with are looked at once', () => {
  const of = (options: Partial<TrainingOptions>): object =>
    optionsOfModel({ ...referenceTraining, ...options });
  expect(of({ seed: 7, epochs: 9, learningRate: 0.1, focalGamma: 2 })).toEqual(of({}));
  expect(of({ rDrop: 1 })).not.toEqual(of({}));
  expect(of({ gradientCheckpointing: true })).not.toEqual(of({}));
  expect(of({ freezeLayers: 1, cacheFrozen: true })).not.toEqual(of({ freezeLayers: 1 }));
});
