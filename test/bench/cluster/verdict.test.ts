import { describe, expect, it } from 'vitest';
import { verdictOn } from '../../../bench/cluster/campaign.js';
import { trueTime } from '../../../bench/cluster/results.js';
import { stalledSeconds, trainedAgain, violationsOf } from '../../../bench/cluster/verdict.js';
import type { RunEvent } from '../../../bench/faults/events.js';

const event = (second: number, name: string, fold = 1): RunEvent => ({
  at: second * 1000,
  event: name,
  fold,
  attempt: 1,
});

describe('a fold that was finished', () => {
  it('may have been begun several times before', () => {
    const events = [event(0, 'fold started'), event(5, 'fold started'), event(9, 'fold finished')];
    expect(trainedAgain(events)).toEqual([]);
  });

  it('is not begun again', () => {
    const events = [event(0, 'fold started'), event(9, 'fold finished'), event(12, 'fold started')];
    expect(trainedAgain([...events, event(0, 'fold started', 2)])).toEqual(['1']);
  });

  it('is not finished again by one that never heard of it', () => {
    const events = [event(0, 'fold started'), event(9, 'fold finished'), event(12, 'fold finished')];
    expect(trainedAgain(events)).toEqual(['1']);
  });
});

describe('what a fault cost', () => {
  it('is the time until the last of the folds that were in training went on', () => {
    const events = [
      event(0, 'fold started'),
      event(0, 'fold started', 2),
      event(11, 'checkpoint'),
      event(12, 'fold interrupted', 2),
      event(34, 'fold started', 2),
    ];
    expect(stalledSeconds(events, 10_000)).toBe(24);
  });

  it('is nothing for folds that were finished or had not begun', () => {
    const events = [event(0, 'fold started'), event(9, 'fold finished'), event(50, 'fold started', 2)];
    expect(stalledSeconds(events, 10_000)).toBe(0);
  });
});

describe('an event of a host whose clock was set', () => {
  const started = new Date(10_000_000);
  it.each([-3600, 0, 3600])('by %i s counts by the true time', (seconds) => {
    expect(trueTime(10_042_000 + seconds * 1000, started)).toBe(10_042_000);
  });
});

describe('a run', () => {
  const run = { status: 'COMPLETED', seconds: 1, faults: [], events: [] };
  it('is as it must be with the same bits', () => {
    expect(violationsOf({ file: 'a' }, { ...run, digests: { file: 'a' } })).toEqual([]);
  });

  it('is not with other bits, nor where it did not complete', () => {
    expect(violationsOf({ file: 'a' }, { ...run, digests: { file: 'b' } })).toEqual(['file differs']);
    expect(violationsOf({ file: 'a' }, { ...run, status: 'FAILED', digests: null })).toEqual(['it FAILED']);
  });

  it('whose store was emptied may have lost files, or have ended, but gives nothing wrong', () => {
    const fault = { kind: 'store emptied', at: 0, healedAt: 1, host: 'objects' } as const;
    const emptied = { ...run, faults: [fault] };
    const expected = { file: 'a', other: 'b' };
    expect(verdictOn({ ...emptied, status: 'FAILED', digests: null }, expected)).toEqual([]);
    expect(verdictOn({ ...emptied, digests: { file: 'a' } }, expected)).toEqual([]);
    expect(verdictOn({ ...emptied, digests: { file: 'x' } }, expected)).toEqual(['file is wrong']);
    expect(verdictOn({ ...run, digests: { file: 'a' } }, expected)).toEqual(['other differs']);
  });
});
