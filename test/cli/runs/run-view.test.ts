import { describe, expect, it } from 'vitest';
import { cellView, endedProgress, type LiveActivity } from '../../../cli/runs/run-view.js';
import type { CellProgress } from '../../../workflows/progress.js';

const heartbeat = { fold: 2, epoch: 1, epochs: 4, step: 3, steps: 40, loss: 0.7, secondsPerStep: 0.5 };

const fold = (done: number): CellProgress => ({
  cell: '2',
  member: '',
  fold: 2,
  state: 'running',
  activityId: 'fold-2',
  message: null,
  epochs: Array.from({ length: done }, (_, i) => ({
    epoch: i + 1,
    trainLoss: 0.6 - i / 10,
    valLoss: 0.5,
    macroF1: 0.4,
  })),
  bestF1: done > 0 ? 0.4 : null,
});

const live = (changes: Partial<typeof heartbeat> = {}): LiveActivity[] => [
  {
    activityId: 'fold-2',
    attempt: 1,
    phase: 'running',
    heartbeat: { ...heartbeat, ...changes },
    lastFailure: null,
    handedOver: false,
  },
];

describe('what is known of a fold', () => {
  it('is what its heartbeat says before an epoch has ended', () => {
    const view = cellView(fold(0), live());
    expect(view.live?.heartbeat).toEqual(heartbeat);
    expect(view.share).toBeCloseTo(3 / 40);
    expect(view.secondsLeft).toBeCloseTo(18.5);
  });

  it('is what the end of an epoch says where the heartbeat is older', () => {
    const view = cellView(fold(2), live());
    expect(view.live?.heartbeat).toMatchObject({ epoch: 3, step: 20, loss: 0.5 });
    expect(view.share).toBe(0.5);
    expect(view.secondsLeft).toBe(10);
  });

  it('is the heartbeat again once it has caught up', () => {
    expect(cellView(fold(2), live({ epoch: 3, step: 27 })).live?.heartbeat).toMatchObject({
      step: 27,
      loss: 0.7,
    });
  });

  it('never goes beyond the last epoch', () => {
    expect(cellView(fold(4), live()).live?.heartbeat).toMatchObject({ epoch: 4, step: 40 });
  });
});

describe('a run that was ended from outside', () => {
  it('has nothing under way and waits for nobody, whatever its workflow said last', () => {
    const cells = [fold(1), { ...fold(4), cell: '3', fold: 3, state: 'completed' } as const];
    const step = {
      step: 'fold',
      run: 'trainFold',
      needs: [],
      state: 'running',
      message: null,
      cells,
    } as const;
    const ended = endedProgress({
      run: 'emotions-1',
      pipeline: 'emotions',
      state: 'waiting',
      waitingFor: 'retry or skip of fold-1',
      steps: [step],
    });
    expect(ended.waitingFor).toBeNull();
    expect(ended.steps.map(({ state }) => state)).toEqual(['pending']);
    expect(ended.steps[0]!.cells.map(({ state }) => state)).toEqual(['pending', 'completed']);
  });
});
