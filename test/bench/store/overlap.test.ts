import { describe, expect, it } from 'vitest';
import { overlapOf, TimelineWatch } from '../../../bench/store/overlap.js';
import type { FoldMessage, FoldPhase } from '../../../engine/training/job.js';

const step: FoldMessage = {
  type: 'step',
  epoch: 1,
  step: 1,
  steps: 9,
  loss: 1,
  tokens: 1,
  secondsPerStep: 1,
};
const phase = (name: FoldPhase): FoldMessage => ({
  type: 'phase',
  phase: name,
  patienceSeconds: 1,
  silent: false,
});

describe('uploads and the training', () => {
  it('overlap as far as the fold went on meanwhile', () => {
    const going = [[0, 10] as const, [12, 20] as const];
    const steps = [[0, 2] as const, [8, 10] as const, [12, 16] as const, [16, 20] as const];
    expect(overlapOf({ uploads: [[9, 16]], going, steps })).toEqual({
      uploadSeconds: 7,
      share: 5 / 7,
      steps: 1.5,
      slowdown: 5 / 1.5 / (7 / 2.5),
    });
  });

  it('overlap not at all where the fold waits for them', () => {
    const found = overlapOf({ uploads: [[2, 9]], going: [[0, 2]], steps: [[0, 2]] });
    expect(found).toEqual({ uploadSeconds: 7, share: 0, steps: 0, slowdown: null });
  });

  it('have no share where there was none', () => {
    expect(overlapOf({ uploads: [], going: [[0, 2]], steps: [] }).share).toBeNull();
  });
});

describe('what a trainer says', () => {
  it('tells when its fold went on and when it stood still for a checkpoint', async () => {
    let now = 0;
    const watch = new TimelineWatch(() => now);
    const at = (second: number, message: FoldMessage): void => {
      now = second;
      watch.take(message);
    };
    watch.begin();
    at(1, phase('training'));
    at(2, step);
    at(3, { type: 'alive' });
    at(4, step);
    at(4, phase('writing a checkpoint'));
    at(6, phase('training'));
    const kept = watch.upload(() => Promise.resolve());
    now = 7;
    await kept;
    at(8, step);
    watch.end();
    at(20, step);
    const { going, steps } = watch.timeline;
    const sum = (intervals: typeof going): number =>
      intervals.reduce((all, [from, to]) => all + to - from, 0);
    expect(sum(going)).toBe(6);
    expect(steps).toEqual([
      [1, 2],
      [2, 4],
      [6, 8],
    ]);
    expect(watch.timeline.uploads).toEqual([[6, 7]]);
  });
});
