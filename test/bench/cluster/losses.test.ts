import { describe, expect, it } from 'vitest';
import { spansOf } from '../../../bench/cluster/course.js';
import type { Fault, FaultKind } from '../../../bench/cluster/fault.js';
import { lossesOf } from '../../../bench/cluster/losses.js';
import type { HostEvent } from '../../../bench/cluster/results.js';
import type { ClusterRun } from '../../../bench/cluster/run.js';
import { event, noRun } from './made-run.js';

const shape = { epochs: 2, slots: 1 };
const workers = ['main', 'fold1', 'fold2'];

/** A fold of 100 steps and two epochs, one step in a tenth of a second, and the end of it takes a second. */
function fold(from: number, facts: Partial<HostEvent> = {}): HostEvent[] {
  return [
    event(from, 'fold started', { resumedFrom: 0, steps: 100, ...facts }),
    event(from + 2, 'checkpoint', { trainingStep: 20, ...facts }),
    event(from + 5, 'epoch finished', { epoch: 1, ...facts }),
    event(from + 10, 'epoch finished', { epoch: 2, ...facts }),
    event(from + 11, 'fold finished', facts),
  ];
}

/** Two seconds until the fold begins, and three after it. */
const undisturbed: ClusterRun = { ...noRun, seconds: 16, events: fold(2) };

function behind(run: Partial<ClusterRun>): { readonly byFault: number[]; readonly besides: number } {
  const disturbed = { ...noRun, ...run };
  const { byFault, besidesSeconds } = lossesOf(disturbed, spansOf(disturbed, undisturbed, shape), workers);
  return { byFault: byFault.map(({ behindSeconds }) => behindSeconds), besides: besidesSeconds };
}

const fault = (at: number, healed: number, kind: FaultKind, host: string): Fault => ({
  kind,
  at: at * 1000,
  healedAt: healed * 1000,
  host,
});

/** It stands at step 60 when its host is lost, and goes on elsewhere from step 50 after ten seconds. */
const moved = [
  ...fold(2).slice(0, 3),
  event(18, 'fold started', { attempt: 2, host: 'fold2', resumedFrom: 50, steps: 100 }),
  event(19, 'checkpoint', { attempt: 2, host: 'fold2', trainingStep: 60 }),
  event(23, 'epoch finished', { attempt: 2, host: 'fold2', epoch: 2 }),
  event(24, 'fold finished', { attempt: 2, host: 'fold2' }),
];

describe('what a fault cost', () => {
  it('is nothing where a run went as the undisturbed one', () => {
    const store = fault(4, 5, 'store lost', 'objects');
    expect(behind({ ...undisturbed, faults: [store] })).toEqual({ byFault: [0], besides: 0 });
  });

  it('is the standstill and what was done again, in seconds of the undisturbed run', () => {
    const lost = fault(8, 10, 'host lost', 'fold1');
    expect(behind({ seconds: 27, events: moved, faults: [lost] })).toEqual({ byFault: [11], besides: 0 });
  });

  it('is of the host that the fold was on, or came to, and of no other', () => {
    const seconds = 27;
    const other = fault(8, 10, 'link cut', 'main');
    expect(behind({ seconds, events: moved, faults: [other] })).toEqual({ byFault: [0], besides: 11 });
    const next = fault(8, 10, 'host lost', 'fold2');
    expect(behind({ seconds, events: moved, faults: [next] }).byFault).toEqual([11]);
  });

  it('is laid to the first of several in one standstill', () => {
    const faults = [fault(8, 9, 'host lost', 'fold1'), fault(12, 14, 'server lost', 'temporal')];
    expect(behind({ seconds: 27, events: moved, faults }).byFault).toEqual([11, 0]);
  });

  it('is counted before the folds and after them, too', () => {
    const early = fault(1, 2, 'database lost', 'database');
    const late = fault(19, 20, 'host lost', 'main');
    const events = fold(6);
    expect(behind({ seconds: 26, events, faults: [early, late] }).byFault).toEqual([4, 6]);
  });

  it('is the longest of the folds that stood still at once', () => {
    const pattern = { ...undisturbed, events: [...fold(2), ...fold(2, { fold: 2, host: 'fold2' })] };
    const events = [...fold(2), ...fold(2, { fold: 2, host: 'fold2' })].map((each) =>
      each.at > 6_000 ? { ...each, at: each.at + (each.fold === 2 ? 3_000 : 1_000) } : each,
    );
    const run = { ...noRun, seconds: 19, events, faults: [fault(5, 6, 'store failing', 'objects')] };
    const spans = spansOf(run, pattern, { epochs: 2, slots: 2 });
    expect(lossesOf(run, spans, workers).byFault[0]?.behindSeconds).toBe(3);
  });

  it('of a fold that waits for another is that of the other', () => {
    const pattern = { ...undisturbed, seconds: 27, events: [...fold(2), ...fold(13, { fold: 2 })] };
    const events = [...moved, ...fold(24, { fold: 2, host: 'fold2' })];
    const run = { ...noRun, seconds: 38, events, faults: [fault(8, 10, 'host lost', 'fold1')] };
    const { byFault, besidesSeconds } = lossesOf(run, spansOf(run, pattern, shape), workers);
    expect([byFault[0]?.behindSeconds, besidesSeconds]).toEqual([11, 0]);
  });
});
