import { describe, expect, it, vi } from 'vitest';
import { RuntimeFault } from '../../../engine/runtime/fault.js';
import type { Session } from '../../../engine/runtime/runtime.js';
import { Course, passesOfStep } from '../../../engine/training/course.js';
import { trainFold } from '../../../engine/training/fold.js';
import type { FoldJob, FoldOutcome } from '../../../engine/training/job.js';
import { bytesOfNeed } from '../../../engine/training/memory-need.js';
import { evenly, OutOfMemoryFault, textsOfPass } from '../../../engine/training/micro-batch.js';
import { optionGroups } from '../../../engine/training/option-groups.js';
import { scratchModel } from '../../../engine/training/scratch-model.js';
import { InputFault } from '../../../errors/fault.js';
import { referenceTraining, type TrainingOptions } from '../../../pipeline/training.js';
import { bits, interrupted, job, never, useSmallFolds } from './small-fold.js';

/** Runs of the training graph with more texts fail as where memory is short. */
let mostTexts = Infinity;

vi.mock(import('../../../engine/runtime/open.js'), async (original) => {
  const { openRuntime } = await original();
  const short = (session: Session): Session => {
    const run: Session['run'] = (feeds, fetches) => {
      if ((feeds['targets']?.shape[0] ?? 0) <= mostTexts) return session.run(feeds, fetches);
      throw new RuntimeFault({
        where: 'onnxruntime FAIL',
        what: 'Failed to allocate memory for requested buffer',
      });
    };
    const { inputs, outputs, nodes } = session;
    return { inputs, outputs, nodes, run, release: () => session.release() };
  };
  return {
    openRuntime: () => {
      const runtime = openRuntime();
      const createSession: typeof runtime.createSession = async (...given) =>
        short(await runtime.createSession(...given));
      return Object.assign(Object.create(runtime) as typeof runtime, {
        createSession,
        tensor: runtime.tensor.bind(runtime),
      });
    },
  };
});

useSmallFolds();

const train = (changes: Partial<FoldJob>, training: Partial<TrainingOptions> = {}): Promise<FoldOutcome> =>
  trainFold(job('bert', changes, { epochs: 1, ...training }), () => undefined, never);

describe('a batch in parts', () => {
  it.each([
    [16, 16, 16],
    [16, 15, 8],
    [16, 6, 6],
    [16, 5, 4],
    [16, 1, 1],
    [7, 6, 4],
    [7, 3, 3],
  ])('of %i texts, at most %i at once, passes by %i', (texts, most, expected) => {
    expect(evenly(texts, most)).toBe(expected);
  });

  it('has the rows of the batch, in their order, batch after batch', () => {
    const { passes, rate, averaging, perturbation } = optionGroups({
      ...referenceTraining,
      batchSize: 5,
      accumulate: 2,
    });
    const order = Uint32Array.from({ length: 12 }, (_, i) => 11 - i);
    const whole = new Course(12, passes, rate, averaging, perturbation);
    const split = new Course(12, passes, rate, averaging, perturbation, 2);
    expect(whole.batches(order, 0)).toEqual([
      [11, 10, 9, 8, 7],
      [6, 5, 4, 3, 2],
    ]);
    expect(split.batches(order, 0)).toEqual([[11, 10], [9, 8], [7], [6, 5], [4, 3], [2]]);
    expect(split.batches(order, 1)).toEqual([[1, 0]]);
    expect([passesOfStep(passes, 5), passesOfStep(passes, 2)]).toEqual([2, 6]);
    expect(split.steps).toBe(whole.steps);
  });
});

describe('what passes at once', () => {
  const { classifier } = scratchModel(
    { type: 'bert', hiddenSize: 16, layers: 2, heads: 2, intermediateSize: 32, vocabulary: 80 },
    32,
    2,
  );
  const batch = { texts: 16, length: 32 };
  /** Of one text's dropout mask of attention, the largest piece. */
  const mask = 2 * 32 * 32 * 4;

  it('is the whole batch where that fits', () => {
    expect(textsOfPass(classifier, batch, 'auto')).toBe(16);
    expect(textsOfPass(classifier, batch, 64)).toBe(16);
  });

  it('is what one memory holds, in equal parts', () => {
    expect(textsOfPass(classifier, batch, 'auto', { mostBytes: 11.5 * mask })).toBe(8);
    expect(textsOfPass(classifier, batch, 'auto', { mostBytes: 5.5 * mask })).toBe(4);
  });

  it('is what the machine holds', () => {
    const machineBytes = bytesOfNeed(classifier, { ...batch, texts: 5 });
    expect(textsOfPass(classifier, batch, 'auto', { machineBytes })).toBe(4);
  });

  it('is as it is said, or refused with what would fit', () => {
    expect(textsOfPass(classifier, batch, 4)).toBe(4);
    const refused = (): number => textsOfPass(classifier, batch, 8, { mostBytes: 5.5 * mask });
    expect(refused).toThrow(InputFault);
    expect(refused).toThrow(
      /^training\.microBatch: .*with 8 texts of 32 tokens.*Lower training\.microBatch to 5/,
    );
  });

  it('is told in one message where not one text fits', () => {
    const sizes = { hiddenSize: 16, layers: 2, heads: 2, intermediateSize: 32, vocabulary: 80 };
    const long = scratchModel({ type: 'bert', ...sizes }, 512, 2).classifier;
    const mostBytes = 2 * 400 * 400 * 4;
    const refused = (): number => textsOfPass(long, { texts: 16, length: 512 }, 'auto', { mostBytes });
    expect(refused).toThrow(
      /^model\.maxLength: .*with one text of 512 tokens.*Lower model\.maxLength to 400\.$/,
    );
  });
});

describe('a fold in micro-batches', () => {
  it('of the batch’s size has the bits of one that says nothing of them', async () => {
    const plain = await train({});
    const said = await train({}, { microBatch: 7 });
    expect(bits(said)).toEqual(bits(plain));
    expect(said.microBatch).toBeUndefined();
    expect(plain.warnings).toEqual(said.warnings);
  });

  it('gives the bits of their size alone, however it came to be, and says which', async () => {
    const said = await train({}, { microBatch: 3 });
    const found = await train({ mostTexts: 3 });
    expect(bits(found)).toEqual(bits(said));
    expect([said.microBatch, found.microBatch]).toEqual([3, 3]);
    expect(found.warnings).toContainEqual(
      expect.stringMatching(/a batch of 7 texts does not fit .* micro-batches of 3/),
    );
    expect(said.warnings.join()).not.toMatch(/micro-batches/);
    expect(bits(await train({}, { microBatch: 4 }))).not.toEqual(bits(said));
  });

  it('learns as with whole batches, but for the draws of dropout', async () => {
    const [whole, split] = [await train({}), await train({}, { microBatch: 3 })];
    expect(split.steps).toBe(whole.steps);
    expect(split.epochs[0]?.trainLoss).toBeCloseTo(whole.epochs[0]?.trainLoss ?? NaN, 1);
  });

  it('goes on with the same where it was stopped, also where nobody says it again', async () => {
    const undisturbed = await train({}, { microBatch: 3 });
    let attempts = 0;
    const { outcome } = await interrupted(
      (changes) => job('bert', { ...changes, ...(attempts++ === 0 ? { mostTexts: 3 } : {}) }, { epochs: 1 }),
      [2, 5],
    );
    expect(bits(outcome)).toEqual(bits(undisturbed));
    expect(outcome.microBatch).toBe(3);
  });

  it('does not go on from a checkpoint of larger ones', async () => {
    const { resume } = await interrupted((changes) => job('bert', changes, { epochs: 1 }), [4]);
    const outcome = await train({ resume, mostTexts: 3 });
    expect(outcome.warnings).toContainEqual(expect.stringMatching(/step 4 is not used.*other micro-batches/));
    expect(bits(outcome)).toEqual(bits(await train({}, { microBatch: 3 })));
  });
});

describe('a step that the memory is not enough for', () => {
  it('is a fault with need and remedy, and fits in smaller parts', async () => {
    mostTexts = 3;
    try {
      const failure: unknown = await train({}).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(OutOfMemoryFault);
      expect(String(failure)).toMatch(
        /found: about 0\.\d\d GB for 7 texts of \d+ tokens|about .* for 7 texts/,
      );
      expect(String(failure)).toMatch(/Set training\.microBatch to 4 or less/);
      const fitting = await train({ mostTexts: 3 });
      mostTexts = Infinity;
      expect(bits(fitting)).toEqual(bits(await train({}, { microBatch: 3 })));
    } finally {
      mostTexts = Infinity;
    }
  });

  it('of one text says that none fits', async () => {
    mostTexts = 0;
    const failure: unknown = await train({ mostTexts: 1 }).catch((error: unknown) => error);
    mostTexts = Infinity;
    expect(String(failure)).toMatch(/for one text of \d+ tokens.*Lower model\.maxLength/);
  });
});
