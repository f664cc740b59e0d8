import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openSafetensors, writeSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { CheckpointInterval } from '../../../engine/training/checkpoint-interval.js';
import { trainFold } from '../../../engine/training/fold.js';
import type { FoldOutcome } from '../../../engine/training/job.js';
import type { TrainingOptions } from '../../../pipeline/training.js';
import { bits, job, never, useSmallFolds } from './small-fold.js';

vi.mock(import('../../../engine/checkpoint/safetensors.js'), async (original) => {
  const safetensors = await original();
  return {
    ...safetensors,
    openSafetensors: vi.fn(safetensors.openSafetensors),
    writeSafetensors: vi.fn(safetensors.writeSafetensors),
  };
});
const [written, read] = [vi.mocked(writeSafetensors), vi.mocked(openSafetensors)];

useSmallFolds();

const train = (training: Partial<TrainingOptions>): Promise<FoldOutcome> =>
  trainFold(job('bert', {}, { epochs: 3, bestBy: 'last', ...training }), () => undefined, never);

describe.each([
  ['its weights', {}],
  ['their average', { ema: 0.8 }],
] as const)('a fold that is over before a checkpoint pays, judged by %s', (_, options) => {
  beforeEach(() => {
    for (const asked of ['due', 'dueAfterEpoch'] as const)
      vi.spyOn(CheckpointInterval.prototype, asked).mockReturnValue(false);
    return () => vi.restoreAllMocks();
  });

  it('writes its weights once for each epoch, the last of which is what is exported, and reads none', async () => {
    written.mockClear();
    read.mockClear();
    const { model } = await train(options);
    const paths = written.mock.calls.map(([path]) => path);
    expect(paths).toHaveLength(3);
    expect(paths.at(-1)).toBe(model['model.safetensors']);
    expect(read).not.toHaveBeenCalled();
  });

  it('has the bits of one with checkpoints', async () => {
    const outcome = await train(options);
    vi.restoreAllMocks();
    expect(bits(await train({ ...options, checkpointEvery: 0 }))).toEqual(bits(outcome));
  });
});
