import { describe, expect, it } from 'vitest';
import { Dice } from '../../../bench/dice.js';
import type { RunEvent } from '../../../bench/faults/events.js';
import { FaultOrder } from '../../../bench/fault-order.js';
import { faultKinds, faultWeights, type Fault } from '../../../bench/faults/fault.js';
import { lossesOf } from '../../../bench/faults/losses.js';
import { differences } from '../../../bench/faults/outcome.js';

const worker = 100;
const event = (second: number, name: string, attempt: number, facts: Partial<RunEvent>): RunEvent => ({
  at: second * 1000,
  event: name,
  fold: 1,
  attempt,
  ...facts,
});
const started = (second: number, attempt: number, resumedFrom: number): RunEvent =>
  event(second, 'fold started', attempt, { steps: 100, resumedFrom, worker });
const saved = (second: number, attempt: number, trainingStep: number): RunEvent =>
  event(second, 'checkpoint', attempt, { trainingStep, seconds: 0.1 });
const fault = (second: number, kind: Fault['kind'], workers = [worker]): Fault => ({
  at: second * 1000,
  kind,
  workers,
});

describe('the loss by a fault', () => {
  it('is what the trainer did after its last checkpoint, where its worker saw it end', () => {
    const events = [
      started(0, 1, 0),
      saved(10, 1, 20),
      event(12.1, 'fold interrupted', 1, { trainingStep: 24 }),
      started(15, 2, 20),
    ];
    expect(lossesOf({ events, faults: [fault(12, 'trainer')] })).toEqual([
      { kind: 'trainer', steps: 4, unsavedSeconds: 2, downSeconds: 3 },
    ]);
  });

  it("is estimated by the attempt's pace where the worker was killed, too", () => {
    const events = [started(0, 1, 0), saved(10, 1, 20), started(30, 2, 20)];
    expect(lossesOf({ events, faults: [fault(13, 'worker')] })).toEqual([
      { kind: 'worker', steps: 6, unsavedSeconds: 3, downSeconds: 17 },
    ]);
  });

  it('is nothing where a checkpoint was written on request', () => {
    const events = [
      started(0, 1, 0),
      saved(12.1, 1, 24),
      event(12.2, 'fold interrupted', 1, { trainingStep: 24 }),
      started(15, 2, 24),
    ];
    expect(lossesOf({ events, faults: [fault(12, 'hand-over')] })).toMatchObject([
      { kind: 'hand-over', steps: 0 },
    ]);
  });

  it('is put down to no fault that met another worker', () => {
    const events = [started(0, 1, 0), started(30, 2, 0)];
    expect(lossesOf({ events, faults: [fault(13, 'worker', [worker + 1])] })).toMatchObject([{ kind: null }]);
  });

  it('counts nothing for a fold that was never interrupted', () => {
    expect(lossesOf({ events: [started(0, 1, 0), saved(9, 1, 100)], faults: [fault(5, 'server')] })).toEqual(
      [],
    );
  });
});

describe('the order of faults', () => {
  const kinds = (seed: number): string[] => {
    const order = new FaultOrder(new Dice(seed), faultWeights);
    return Array.from({ length: 40 }, () => order.next());
  };

  it('begins with each kind once', () => {
    expect(kinds(1).slice(0, faultKinds.length).toSorted()).toEqual([...faultKinds].toSorted());
  });

  it('is that of the seed', () => {
    expect(kinds(3)).toEqual(kinds(3));
    expect(kinds(3)).not.toEqual(kinds(4));
  });
});

describe('the comparison of two runs', () => {
  it('names files that differ, that are missing and that are too many', () => {
    expect(differences({ same: 'a', other: 'b', missing: 'c' }, { same: 'a', other: 'x', new: 'd' })).toEqual(
      ['other', 'missing', 'new'],
    );
  });
});
