import { describe, expect, it } from 'vitest';
import { trueTime, type FoldRecord } from '../../../bench/cluster/results.js';
import { evidenceMissing, trainedAgain, violationsOf } from '../../../bench/cluster/verdict.js';
import { event, noRun } from './made-run.js';

const record = (second: number, attempt = 1): FoldRecord => ({
  fold: 1,
  attempt,
  writtenAt: second * 1000,
});

describe('a fold that was finished', () => {
  it('may have been begun several times before', () => {
    const events = [event(0, 'fold started'), event(5, 'fold started'), event(9, 'fold finished')];
    expect(trainedAgain({ events, records: [] })).toEqual([]);
  });

  it('is not begun again', () => {
    const events = [event(0, 'fold started'), event(9, 'fold finished'), event(12, 'fold started')];
    expect(trainedAgain({ events: [...events, event(0, 'fold started', { fold: 2 })], records: [] })).toEqual(
      ['1'],
    );
  });

  it('is not finished again by one that never heard of it', () => {
    const events = [event(0, 'fold started'), event(9, 'fold finished'), event(12, 'fold finished')];
    expect(trainedAgain({ events, records: [] })).toEqual(['1']);
  });

  it('is known by what the store has, too: its host may have been lost before it noted that', () => {
    const events = [event(0, 'fold started'), event(12, 'fold started')];
    expect(trainedAgain({ events, records: [record(9)] })).toEqual(['1']);
    expect(trainedAgain({ events, records: [record(13)] })).toEqual([]);
  });
});

describe('a fold that was finished before the store was emptied', () => {
  const faults = [{ kind: 'store emptied', at: 10_000, healedAt: 11_000, host: 'objects' } as const];
  const finished = [event(0, 'fold started'), event(9, 'fold finished')];

  it('is trained again', () => {
    const events = [...finished, event(12, 'fold started'), event(20, 'fold finished')];
    expect(trainedAgain({ events, records: [record(20)], faults })).toEqual([]);
  });

  it('is not trained a third time', () => {
    const events = [...finished, event(12, 'fold started'), event(20, 'fold finished')];
    const third = event(21, 'fold started');
    expect(trainedAgain({ events: [...events, third], records: [], faults })).toEqual(['1']);
    expect(trainedAgain({ events: [...finished, third], records: [record(20)], faults })).toEqual(['1']);
  });
});

describe('what is known of a run', () => {
  const started = event(0, 'fold started');

  it('is all where the attempt that gave each fold was noted', () => {
    expect(evidenceMissing({ events: [started], records: [record(9)] })).toEqual([]);
  });

  it('is not where the notes of a host or results of the store are not there', () => {
    expect(evidenceMissing({ events: [started], records: [record(9, 2)] })).toEqual([
      'no host noted attempt 2 at fold 1, which made it',
    ]);
    expect(evidenceMissing({ events: [started], records: [] })).toEqual([
      'the store has the result of no fold',
      'the store has no result of fold 1',
    ]);
  });
});

describe('an event of a host whose clock was set', () => {
  it.each([-3600, 0, 3600])('by %i s counts by the true time', (seconds) => {
    expect(trueTime(10_042_000 + seconds * 1000, 10_000_000)).toBe(10_042_000);
  });
});

describe('a run', () => {
  const run = { ...noRun, events: [event(0, 'fold started')], records: [record(9)] };
  it('is as it must be with the same bits', () => {
    expect(violationsOf({ file: 'a' }, { ...run, digests: { file: 'a' } })).toEqual([]);
  });

  it('is not with other bits, nor where it did not complete', () => {
    expect(violationsOf({ file: 'a' }, { ...run, digests: { file: 'b' } })).toEqual(['file differs']);
    expect(violationsOf({ file: 'a' }, { ...run, status: 'FAILED' })).toEqual(['it FAILED']);
  });

  it('whose store was emptied gives the same bits', () => {
    const faults = [{ kind: 'store emptied', at: 0, healedAt: 1, host: 'objects' } as const];
    const expected = { file: 'a', other: 'b' };
    expect(violationsOf(expected, { ...run, faults, status: 'FAILED' })).toEqual(['it FAILED']);
    expect(violationsOf(expected, { ...run, faults, digests: { file: 'a' } })).toEqual(['other differs']);
    expect(violationsOf(expected, { ...run, faults, digests: expected })).toEqual([]);
  });
});
