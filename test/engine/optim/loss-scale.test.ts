import { describe, expect, it } from 'vitest';
import { firstLossScale, gradScaler, nextLossScale } from '../../../engine/optim/loss-scale.js';

const settings = { first: 16, growth: 2, backoff: 0.5, interval: 2 };

describe('a loss scale', () => {
  it('begins as torch.amp.GradScaler does', () => {
    expect(firstLossScale(gradScaler)).toEqual({ scale: 2 ** 16, cleanSteps: 0, updates: 0 });
    expect(gradScaler).toEqual({ first: 65_536, growth: 2, backoff: 0.5, interval: 2000 });
  });

  it.each([
    ['counts a clean step', [16, 0, 3], true, [16, 1, 4]],
    ['grows with the last of an interval, and counts anew', [16, 1, 3], true, [32, 0, 4]],
    ['is halved by one that is not clean, and counts anew', [16, 1, 3], false, [8, 0, 3]],
    ['may fall below one', [1, 0, 0], false, [0.5, 0, 0]],
    ['does not grow beyond what float32 holds', [2 ** 127, 1, 3], true, [2 ** 127, 0, 4]],
  ])('%s', (_, [scale, cleanSteps, updates], finite, expected) => {
    const next = nextLossScale(
      { scale: scale!, cleanSteps: cleanSteps!, updates: updates! },
      finite,
      settings,
    );
    expect([next.scale, next.cleanSteps, next.updates]).toEqual(expected);
  });
});
