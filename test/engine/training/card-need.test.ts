import { describe, expect, it } from 'vitest';
import type { CardFacts } from '../../../engine/device/device.js';
import { expectedOfCard, leastOfCard } from '../../../engine/device/resident/memory.js';
import { DeviceFault } from '../../../engine/runtime/fault.js';
import { cardNeeds, checkCard, trainedCard, type TrainedCard } from '../../../engine/training/card-need.js';
import { asOutOfMemory, textsOfPass } from '../../../engine/training/micro-batch.js';
import { optionGroups } from '../../../engine/training/option-groups.js';
import { scratchModel } from '../../../engine/training/scratch-model.js';
import { checkTraining, trainedModel } from '../../../engine/training/trained-model.js';
import { InputFault } from '../../../errors/fault.js';
import { referenceTraining, type TrainingOptions } from '../../../pipeline/training.js';

const sizes = { hiddenSize: 32, layers: 4, heads: 2, intermediateSize: 64, vocabulary: 100 };
const { classifier } = scratchModel({ type: 'deberta-v2', ...sizes }, 64, 2);
const batch = { texts: 16, length: 64 };

function card(memoryBytes: number | null, changes: Partial<TrainedCard> = {}): TrainedCard {
  return { device: 'webgpu', name: 'A card', memoryBytes, precision: 'float32', ...changes };
}

const expected = (texts: number, vocabulary = 1, on = card(null)): number =>
  expectedOfCard(on.device, cardNeeds(classifier, on, { vocabulary })({ ...batch, texts }));

const textsOn = (memoryBytes: number | null, options: Partial<TrainingOptions> = {}): number =>
  trainedModel(classifier, optionGroups({ ...referenceTraining, ...options }), batch, {
    card: card(memoryBytes),
  }).textsAtOnce;

describe('what a fold needs of a card', () => {
  const need = cardNeeds(classifier, card(null));

  it('grows with texts, length, windows and vocabulary, never shrinks', () => {
    let former = 0;
    for (const texts of [1, 2, 3, 5, 8, 16]) {
      const { total } = need({ texts, length: 16 });
      expect(total).toBeGreaterThan(former);
      expect(need({ texts, length: 24 }).total).toBeGreaterThan(total);
      expect(need({ texts, length: 16, windows: 2 }).total).toBe(
        need({ texts: 2 * texts, length: 16 }).total,
      );
      former = total;
    }
    const words = [1, 10, 100].map((vocabulary) => cardNeeds(classifier, card(null), { vocabulary })(batch));
    expect(words[1]!.total).toBeGreaterThan(words[0]!.total);
    expect(words[2]!.state - words[1]!.state).toBe(90 * 32 * 4 * 6);
  });

  it('is counted in the precision that is computed in', () => {
    const half = cardNeeds(classifier, card(null, { device: 'cuda:0', precision: 'float16' }))(batch);
    const whole = cardNeeds(classifier, card(null, { device: 'cuda:0' }))(batch);
    expect(half.activations).toBeLessThan(whole.activations);
    expect(half.state).toBe(whole.state);
  });

  it('is more with perturbed copies, and less of activations where layers are computed again', () => {
    const fgm = cardNeeds(classifier, card(null), { perturbation: { fgm: 1, awp: null } })(batch);
    expect(fgm.gradients).toBeGreaterThan(need(batch).gradients);
    const again = cardNeeds(classifier, card(null), { checkpointing: true })(batch);
    expect(again.activations).toBeLessThan(need(batch).activations);
  });
});

describe('of a card', () => {
  const facts: CardFacts = { name: 'A card', id: null, driver: '1', memoryBytes: 5, isSoftware: false };

  it('is known what trains there, and in what; of the processor nothing', () => {
    expect(trainedCard({ name: 'cpu', card: null }, 'auto')).toBeNull();
    expect(trainedCard({ name: 'cuda:1', card: facts }, 'auto')).toEqual({
      device: 'cuda:1',
      name: 'A card',
      memoryBytes: 5,
      precision: 'float16',
    });
    expect(trainedCard({ name: 'webgpu', card: null }, 'auto')).toMatchObject({ memoryBytes: null });
  });
});

describe('on a card as many texts pass at once as fit', () => {
  it('by its memory, with what its provider reserves besides', () => {
    expect(textsOn(expected(16))).toBe(16);
    expect(textsOn(expected(16) - 1)).toBe(8);
    // Passes add their gradients up, which takes two more arrays.
    expect(textsOn(expected(2))).toBe(1);
    const cuda = card(null, { device: 'cuda:0', precision: 'float16' });
    const on = (memoryBytes: number): number =>
      textsOfPass(classifier, batch, 'auto', { card: { ...cuda, memoryBytes } });
    expect(on(expected(16, 1, cuda))).toBe(16);
    expect(on(expected(8, 1, cuda))).toBe(8);
    expect(on(expected(7, 1, cuda))).toBe(6);
  });

  it('and all where nobody says how much it has', () => {
    expect(textsOn(null)).toBe(16);
    expect(textsOn(null, { microBatch: 16 })).toBe(16);
  });

  it('and one where the provider has to do with less than it would take', () => {
    const cuda = card(null, { device: 'cuda:0' });
    const least = leastOfCard('cuda:0', cardNeeds(classifier, cuda)({ ...batch, texts: 1 }));
    expect(textsOfPass(classifier, batch, 'auto', { card: { ...cuda, memoryBytes: least } })).toBe(1);
  });

  it('and it is told where it is not all', () => {
    const split = checkTraining(
      classifier,
      { maxLength: 64 },
      referenceTraining,
      Infinity,
      card(expected(16) - 1),
    );
    expect(split.join()).toMatch(
      /^a batch of 16 texts does not fit the memory of webgpu: it passes in micro-batches of 8/,
    );
    const whole = checkTraining(
      classifier,
      { maxLength: 64 },
      referenceTraining,
      Infinity,
      card(expected(16)),
    );
    expect(whole).toEqual([]);
  });
});

describe('a training that a card cannot have', () => {
  const of = (texts: number): number => cardNeeds(classifier, card(null))({ ...batch, texts }).total;

  it('is refused with the card, what needs how much, and what would do', () => {
    const on = (memoryBytes: number) => ({ card: card(memoryBytes) });
    const asked = (): number => textsOfPass(classifier, batch, 8, on(of(5)));
    expect(asked).toThrow(InputFault);
    expect(asked).toThrow(
      /^training\.microBatch: a training step would not fit the memory of webgpu \(A card\).* 0\.\d\d GB for 8 texts of 64 tokens in float32: weights and moments 0\.\d\d GB, gradients .*dropout masks .*activations .*at most 0\.\d\d GB.*Lower training\.microBatch to 5, or model\.maxLength to \d+, or set training\.gradientCheckpointing: true, or train on another device \(--device\)\.$/s,
    );
    expect(textsOfPass(classifier, batch, 8, on(of(8)))).toBe(8);
    // Passes add their gradients up, which takes two more arrays.
    expect(() => textsOn(of(8), { microBatch: 8 })).toThrow(/Lower training\.microBatch to [67],/);
  });

  it('is refused where not one text fits', () => {
    const asked = (): number => textsOn(of(1) - 1);
    expect(asked).toThrow(
      /^model\.maxLength: .*for one text of 64 tokens.*Lower model\.maxLength to \d+, or/s,
    );
    expect(() => textsOn(1)).toThrow(/Use a smaller model, or set .*, or train on another device/);
  });

  it('does not name what is set already', () => {
    const setting = 'training.microBatch';
    const check = (): void => checkCard(classifier, batch, card(1), { setting, checkpointing: true });
    expect(check).toThrow(/Use a smaller model, or train on another device \(--device\)\.$/);
  });

  it('and is found so by its driver alone, is told with what was counted of it', () => {
    const fault = new DeviceFault('memory', 'device webgpu', 'no room');
    const told = asOutOfMemory(fault, classifier, batch, {}, card(null));
    const gigabytes = (of(16) / 1e9).toFixed(2);
    expect(String(told)).toContain(`about ${gigabytes} GB for 16 texts of 64 tokens`);
  });
});
