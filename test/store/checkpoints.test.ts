import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CheckpointOwner } from '../../store/checkpoint-pointer.js';
import { CheckpointShelf, type CheckpointOnDisk, type Lease } from '../../store/checkpoints.js';
import { LeaseLost } from '../../store/faults.js';
import { thisProcess } from '../../store/process-identity.js';

const key = 'cd'.repeat(32);
let folder: string;
let now: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-shelf-'));
  now = 1_000_000;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const shelf = (): CheckpointShelf => new CheckpointShelf(folder, { leaseMs: 1_000, now: () => now });

const owner = (changes: Partial<CheckpointOwner> = {}): CheckpointOwner => ({
  runId: 'run-1',
  activityId: 'fold-1',
  attempt: 1,
  host: hostname(),
  ...thisProcess(),
  ...changes,
});

async function take(changes: Partial<CheckpointOwner> = {}): Promise<Lease> {
  const acquired = await shelf().acquire(key, owner(changes));
  if (!('lease' in acquired)) throw new Error('the fold is busy');
  return acquired.lease;
}

function checkpoint(lease: Lease, step: number, best: string | null = null): CheckpointOnDisk {
  const file = (name: string, text: string): CheckpointOnDisk['state'] => {
    const path = join(lease.workDirectory, name);
    writeFileSync(path, text);
    return { path, sha256: createHash('sha256').update(text).digest('hex'), bytes: text.length };
  };
  return {
    step,
    state: file(`state-${step}`, `state ${step}`),
    best: best === null ? null : file(`best-${best}`, best),
  };
}

const steps = ({ checkpoints }: Lease): number[] => checkpoints.map(({ step }) => step);
const files = (): string[] => readdirSync(join(folder, key)).filter((name) => !/^(pointer|work)-/.test(name));

describe('the checkpoints of a fold', () => {
  it('are handed to the next attempt, newest first, two at most', async () => {
    const lease = await take();
    for (const step of [1, 2, 3]) await shelf().publish(lease, checkpoint(lease, step));
    const next = await take({ attempt: 2 });
    expect(steps(next)).toEqual([3, 2]);
    expect(next.checkpoints.map(({ state }) => readFileSync(state.path, 'utf8'))).toEqual([
      'state 3',
      'state 2',
    ]);
    expect(next.attempts).toBe(2);
    expect(files()).toHaveLength(2);
  });

  it('share the file of the best epoch while it stays the best', async () => {
    const lease = await take();
    await shelf().publish(lease, checkpoint(lease, 1, 'best'));
    await shelf().publish(lease, checkpoint(lease, 2, 'best'));
    expect(files()).toHaveLength(3);
    await shelf().publish(lease, checkpoint(lease, 3, 'better'));
    const [newest, older] = (await take({ attempt: 2 })).checkpoints;
    expect(readFileSync(newest!.best!.path, 'utf8')).toBe('better');
    expect(readFileSync(older!.best!.path, 'utf8')).toBe('best');
  });

  it('are moved out of the folder that their trainer wrote them to', async () => {
    const lease = await take();
    await shelf().publish(lease, checkpoint(lease, 1, 'best'));
    expect(readdirSync(lease.workDirectory)).toEqual([]);
    expect(readFileSync((await take({ attempt: 2 })).checkpoints[0]!.state.path, 'utf8')).toBe('state 1');
  });

  it('go on being the same where a resumed attempt publishes what it resumed from', async () => {
    const first = await take();
    await shelf().publish(first, checkpoint(first, 1, 'best'));
    const second = await take({ attempt: 2 });
    const best = second.checkpoints[0]!.best;
    await shelf().publish(second, { ...checkpoint(second, 2), best });
    await shelf().publish(second, { ...checkpoint(second, 3), best });
    const third = await take({ attempt: 3 });
    expect(third.checkpoints.map((found) => readFileSync(found.best!.path, 'utf8'))).toEqual([
      'best',
      'best',
    ]);
  });

  it('are gone with the fold', async () => {
    const lease = await take();
    await shelf().publish(lease, checkpoint(lease, 1));
    await shelf().remove(lease);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('are discarded where the fold was finished by an attempt that was killed before it removed them', async () => {
    const lease = await take({ pid: 2 ** 22 + 1 });
    await shelf().publish(lease, checkpoint(lease, 1));
    await shelf().discard(key, owner({ attempt: 2 }));
    await shelf().discard(key, owner({ attempt: 3 }));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('are not added to by an attempt that finds its successor has finished the fold and gone', async () => {
    const stale = await take();
    const late = checkpoint(stale, 9);
    await shelf().remove(await take({ attempt: 2 }));
    await expect(shelf().publish(stale, late)).rejects.toThrow();
    mkdirSync(stale.workDirectory, { recursive: true });
    writeFileSync(join(folder, key, `${stale.token}-abc`), 'written too late');
    await shelf().release(stale);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('are dropped when the fold starts again with another seed, which is remembered', async () => {
    const lease = await take();
    await shelf().restart(lease, 42);
    await shelf().publish(lease, checkpoint(lease, 1));
    await shelf().restart(lease, 42);
    expect(steps(await take({ attempt: 2 }))).toEqual([1]);
    const again = await take({ attempt: 3 });
    await shelf().restart(again, 43);
    const next = await take({ attempt: 4 });
    expect([next.seed, steps(next)]).toEqual([43, []]);
  });

  it('survive a damaged pointer: the one before it holds', async () => {
    const lease = await take();
    await shelf().publish(lease, checkpoint(lease, 1));
    await shelf().publish(lease, checkpoint(lease, 2));
    const newest = readdirSync(join(folder, key))
      .filter((name) => name.startsWith('pointer-'))
      .toSorted()
      .at(-1)!;
    writeFileSync(join(folder, key, newest), '{"sha256":"');
    expect(steps(await take({ attempt: 2 }))).toEqual([1]);
  });
});

describe('a lease', () => {
  it('keeps another run out until it runs out', async () => {
    const lease = await take();
    expect(await shelf().acquire(key, owner({ runId: 'run-2' }))).toEqual({ busyUntil: now + 1_000 });
    now += 900;
    await shelf().renew(lease);
    now += 900;
    expect(await shelf().acquire(key, owner({ runId: 'run-2' }))).toEqual({ busyUntil: now + 100 });
    now += 100;
    expect(await shelf().acquire(key, owner({ runId: 'run-2' }))).toHaveProperty('lease');
  });

  it('is free at once after a release, and its checkpoints stay', async () => {
    const lease = await take();
    await shelf().publish(lease, checkpoint(lease, 1));
    await shelf().release(lease);
    expect(steps(await take({ runId: 'run-2' }))).toEqual([1]);
  });

  it('is over at once where the process of its owner is gone', async () => {
    await take({ pid: 2 ** 22 + 1 });
    expect(await shelf().acquire(key, owner({ runId: 'run-2' }))).toHaveProperty('lease');
  });

  it('passes to a later attempt of the same activity, never to an earlier one', async () => {
    await take({ attempt: 2 });
    expect(await shelf().acquire(key, owner({ attempt: 1 }))).toHaveProperty('busyUntil');
    expect(await shelf().acquire(key, owner({ attempt: 3 }))).toHaveProperty('lease');
    expect(await shelf().acquire(key, owner({ activityId: 'fold-1-retry-1' }))).toHaveProperty('lease');
  });

  it.each<[string, (stale: Lease) => Promise<void>]>([
    ['publish', (stale) => shelf().publish(stale, checkpoint(stale, 9))],
    ['renew', (stale) => shelf().renew(stale)],
    ['change the seed', (stale) => shelf().restart(stale, 7)],
    ['remove the checkpoints', (stale) => shelf().remove(stale)],
  ])('that was taken over cannot %s any more', async (_title, act) => {
    const stale = await take();
    await shelf().publish(stale, checkpoint(stale, 1));
    const current = await take({ attempt: 2 });
    mkdirSync(stale.workDirectory, { recursive: true });
    await expect(act(stale)).rejects.toBeInstanceOf(LeaseLost);
    await shelf().publish(current, checkpoint(current, 2));
    expect(steps(await take({ attempt: 3 }))).toEqual([2, 1]);
  });

  it('goes to one of many that ask at once', async () => {
    const asked = Array.from({ length: 12 }, (_, index) =>
      shelf().acquire(key, owner({ runId: `run-${index}` })),
    );
    const leases = (await Promise.all(asked)).filter((acquired) => 'lease' in acquired);
    expect(leases).toHaveLength(1);
  });

  it('loses no renewal and no checkpoint when both are written at once', async () => {
    const lease = await take();
    const writes = [1, 2, 3, 4, 5].flatMap((step) => [
      shelf().publish(lease, checkpoint(lease, step)),
      shelf().renew(lease),
    ]);
    await Promise.all(writes);
    const next = await take({ attempt: 2 });
    expect(next.checkpoints).toHaveLength(2);
    expect(
      next.checkpoints.map(({ step, state }) => readFileSync(state.path, 'utf8') === `state ${step}`),
    ).toEqual([true, true]);
  });
});
