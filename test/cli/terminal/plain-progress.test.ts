import { describe, expect, it } from 'vitest';
import { plainProgress } from '../../../cli/terminal/plain-progress.js';
import { beat, cell, sampleView, step } from '../sample-view.js';

const before = sampleView();

describe('plain progress lines', () => {
  it('tell at the start what has happened already', () => {
    expect(plainProgress(null, before)).toEqual([
      'data: reused',
      'fold: running',
      ...[1, 2, 3, 4].map((epoch) => epochLine('fold 1', epoch)),
      'fold 1: completed',
      ...[1, 2].map((epoch) => epochLine('fold 2', epoch)),
      'fold 2: running',
      'fold 3: queued',
      epochLine('fold 4', 1),
      'fold 4: failed, the loss is not finite at step 12',
    ]);
  });

  it('are none while nothing changes but steps and seconds', () => {
    const later = { ...before, elapsedSeconds: 90, live: [{ ...beat(2), phase: 'running' as const }] };
    expect(plainProgress(before, later)).toEqual([]);
  });

  it('tell each epoch once, before the fold ends', () => {
    const folds = [cell(1, 'completed', 4), cell(2, 'completed', 4), cell(3, 'running', 0)];
    const later = sampleView({ steps: [step('fold', 'running', ['data'], folds)] });
    expect(plainProgress(before, later)).toEqual([
      epochLine('fold 2', 3),
      epochLine('fold 2', 4),
      'fold 2: completed',
    ]);
  });

  it('do not tell the epochs of a fold that was reused', () => {
    const reused = sampleView(
      { steps: [step('fold', 'running', [], [cell(1, 'reused', 4, 'it was reused')])] },
      [],
    );
    expect(plainProgress(null, reused)).toEqual(['fold: running', 'fold 1: reused']);
  });

  it('tell a new attempt with the reason', () => {
    const again = { ...beat(2), attempt: 2, lastFailure: 'the trainer was killed' };
    const later = sampleView({}, [again, ...before.live.slice(1)]);
    expect(plainProgress(before, later)).toEqual(['fold-2: attempt 2, after: the trainer was killed']);
  });

  it('tell that a fold was handed over without calling that a failure', () => {
    const later = sampleView({}, [{ ...beat(2), attempt: 2, handedOver: true }]);
    expect(plainProgress(before, later)).toContain(
      'fold-2: attempt 2, handed over, as its worker was asked to stop',
    );
  });

  it('tell the end of a step after that of its folds', () => {
    const folds = [cell(1, 'completed', 4), cell(2, 'completed', 2)];
    const lines = plainProgress(before, sampleView({ steps: [step('fold', 'completed', [], folds)] }, []));
    expect(lines).toEqual(['fold 2: completed', 'fold: completed']);
  });

  it('tell once what the run waits for', () => {
    const waiting = sampleView({ state: 'waiting', waitingFor: 'retry or skip of fold 4' });
    expect(plainProgress(before, waiting)).toEqual(['waiting: retry or skip of fold 4']);
    expect(plainProgress(waiting, waiting)).toEqual([]);
  });
});

function epochLine(name: string, epoch: number): string {
  const f1 = (0.4 + 0.05 * (epoch - 1)).toFixed(3);
  return `${name}: epoch ${epoch}, training loss 0.5000, validation loss 0.6000, macro F1 ${f1}`;
}
