import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { readPosition } from '../../../engine/training/fold-state.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-state-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, 'state.safetensors');
const epoch = { epoch: 1, trainLoss: 0.5, valLoss: 0.6, macroF1: 0.4, accuracy: 0.7 };
const position = {
  signature: 's',
  step: 9,
  epochLoss: 0.5,
  history: [epoch],
  bestEpoch: 1,
  answerRange: 0.2,
};
const write = (value: unknown) => writeSafetensors(path, [], { position: JSON.stringify(value) });

describe('where a fold stood', () => {
  it('is read back with all scores of its epochs', async () => {
    const judged = {
      within: { evaluations: 2, best: { ...epoch, epoch: 2 }, kept: true },
      keptStep: 8,
      microBatch: 4,
      lossless: 1,
      skipped: [2, 7],
    };
    await write({ ...position, ...judged });
    expect(await readPosition(path)).toEqual({ ...position, ...judged });
  });

  it('is read of a checkpoint from before an epoch could be judged more than once, or steps skipped', async () => {
    await write(position);
    const within = { evaluations: 0, best: null, kept: false };
    const others = { keptStep: null, microBatch: null, lossless: 0, skipped: [] };
    expect(await readPosition(path)).toEqual({ ...position, within, ...others });
  });

  it.each([
    ['a kept epoch that is none of the history', { ...position, bestEpoch: 2 }],
    [
      'evaluations that are no number',
      { ...position, within: { evaluations: 'x', best: null, kept: false } },
    ],
    ['a negative step', { ...position, keptStep: -1 }],
    ['micro-batches of nothing', { ...position, microBatch: 0 }],
  ])('is refused with %s', async (_, value) => {
    await write(value);
    await expect(readPosition(path)).rejects.toThrow('does not say where its fold stood');
  });
});
