import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CheckpointOwner } from '../../store/checkpoint-pointer.js';
import { CheckpointShelf, type CheckpointOnDisk, type Lease } from '../../store/checkpoints.js';
import { LeaseLost } from '../../store/faults.js';
import { thisProcess } from '../../store/process-identity.js';
import { sealed } from '../../store/sealed-json.js';
import { folderState } from './folder-state.js';
import { filesElsewhere, MemoryObjects } from './memory-objects.js';

const key = 'cd'.repeat(32);
/** Of no process: numbers end before. */
const gone = 2 ** 22 + 1;
let folder: string;
let elapsed: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-shelf-'));
  elapsed = 1_000_000;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As of another process. */
const shelf = (): CheckpointShelf =>
  folderState(folder, { leaseMs: 1_000, elapsed: () => elapsed }).checkpoints;

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
const checkpointsOf = (lease: Lease): Promise<CheckpointOnDisk[]> => shelf().bring(lease);
const files = (): string[] =>
  readdirSync(join(folder, 'checkpoints', key)).filter((name) => name !== 'pointer.json@');
/** What is left of the fold, here and there. */
const left = (): string[] => ['checkpoints', 'scratch'].flatMap((name) => readdirSync(join(folder, name)));

describe('the checkpoints of a fold', () => {
  it('are handed to the next attempt, newest first, two at most', async () => {
    const lease = await take();
    for (const step of [1, 2, 3]) await shelf().publish(lease, checkpoint(lease, step));
    const next = await take({ attempt: 2 });
    expect(steps(next)).toEqual([3, 2]);
    expect((await checkpointsOf(next)).map(({ state }) => readFileSync(state.path, 'utf8'))).toEqual([
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
    const [newest, older] = await checkpointsOf(await take({ attempt: 2 }));
    expect(readFileSync(newest!.best!.path, 'utf8')).toBe('better');
    expect(readFileSync(older!.best!.path, 'utf8')).toBe('best');
  });

  it('are moved out of the folder that their trainer wrote them to', async () => {
    const lease = await take();
    await shelf().publish(lease, checkpoint(lease, 1, 'best'));
    expect(readdirSync(lease.workDirectory)).toEqual([]);
    const [newest] = await checkpointsOf(await take({ attempt: 2 }));
    expect(readFileSync(newest!.state.path, 'utf8')).toBe('state 1');
  });

  it('go on being the same where a resumed attempt publishes what it resumed from', async () => {
    const first = await take();
    await shelf().publish(first, checkpoint(first, 1, 'best'));
    const second = await take({ attempt: 2 });
    const best = (await checkpointsOf(second))[0]!.best;
    await shelf().publish(second, { ...checkpoint(second, 2), best });
    await shelf().publish(second, { ...checkpoint(second, 3), best });
    const third = await take({ attempt: 3 });
    const found = await checkpointsOf(third);
    expect(found.map(({ best: kept }) => readFileSync(kept!.path, 'utf8'))).toEqual(['best', 'best']);
  });

  it('are gone with the fold', async () => {
    const lease = await take();
    await shelf().publish(lease, checkpoint(lease, 1));
    await shelf().remove(lease);
    expect(left()).toEqual([]);
  });

  it('are discarded where the fold was finished by an attempt that was killed before it removed them', async () => {
    const lease = await take({ pid: gone });
    await shelf().publish(lease, checkpoint(lease, 1));
    await shelf().discard(key, owner({ attempt: 2 }));
    await shelf().discard(key, owner({ attempt: 3 }));
    expect(readdirSync(join(folder, 'checkpoints'))).toEqual([]);
  });

  it('are not added to by an attempt that finds its successor has finished the fold and gone', async () => {
    const stale = await take();
    const late = checkpoint(stale, 9);
    await shelf().remove(await take({ attempt: 2 }));
    await expect(shelf().publish(stale, late)).rejects.toThrow();
    mkdirSync(stale.workDirectory, { recursive: true });
    mkdirSync(join(folder, 'checkpoints', key), { recursive: true });
    writeFileSync(join(folder, 'checkpoints', key, `${stale.token}-abc`), 'written too late');
    await shelf().release(stale);
    expect(left()).toEqual([]);
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
    const pointer = join(folder, 'checkpoints', key, 'pointer.json@');
    const [, newest] = /^current=([^,]+)/.exec(
      readdirSync(pointer).find((name) => name.startsWith('current'))!,
    )!;
    chmodSync(join(pointer, newest!), 0o644);
    writeFileSync(join(pointer, newest!), '{"sha256":"');
    expect(steps(await take({ attempt: 2 }))).toEqual([1]);
  });
});

describe('the work directory of an attempt', () => {
  it('is apart from the checkpoints, and goes with its lease', async () => {
    const lease = await take();
    expect(readdirSync(join(folder, 'scratch')).map((name) => join(folder, 'scratch', name))).toEqual([
      lease.workDirectory,
    ]);
    writeFileSync(join(lease.workDirectory, 'left'), '');
    await shelf().release(lease);
    expect(readdirSync(join(folder, 'scratch'))).toEqual([]);
  });

  it('is removed by the next one where its process was killed', async () => {
    const lease = await take({ pid: gone });
    writeFileSync(join(lease.workDirectory, 'left'), '');
    renameSync(lease.workDirectory, lease.workDirectory.replace(`-${process.pid}-`, `-${gone}-`));
    const next = await take({ attempt: 2 });
    expect(readdirSync(join(folder, 'scratch'))).toEqual([basename(next.workDirectory)]);
  });
});

describe('checkpoints that a version before left', () => {
  const token = '123e4567-e89b-42d3-a456-426614174000';
  const before = (name: string): string => join(folder, 'checkpoints', key, name);
  const shelved = (text: string): object => {
    const sha256 = createHash('sha256').update(text).digest('hex');
    writeFileSync(before(`${token}-${sha256}`), text);
    return { name: `${token}-${sha256}`, sha256, bytes: text.length };
  };

  /** As an attempt of another machine leaves it that was cut off while it trained. */
  function leave(number: number, step: number, leaseUntil: number): void {
    const pointer = {
      owner: { ...owner({ runId: 'earlier' }), host: 'elsewhere', started: null },
      token,
      leaseUntil,
      seed: 42,
      attempts: 2,
      checkpoints: [{ step, state: shelved(`state ${step}`), best: null }],
    };
    writeFileSync(before(`pointer-${number}.json`), sealed(pointer));
  }

  beforeEach(() => {
    mkdirSync(before(`work-${token}/seed-42`), { recursive: true });
    writeFileSync(before(`work-${token}/seed-42/kept.safetensors`), 'half');
    leave(9, 1, 0);
    leave(10, 2, 0);
  });

  it('are gone on from, and nothing of its own is left', async () => {
    const lease = await take();
    expect([lease.seed, lease.attempts, steps(lease)]).toEqual([42, 3, [2]]);
    expect(readFileSync((await checkpointsOf(lease))[0]!.state.path, 'utf8')).toBe('state 2');
    expect(files()).toHaveLength(1);
    await shelf().publish(lease, checkpoint(lease, 3));
    expect(steps(await take({ attempt: 2 }))).toEqual([3, 2]);
  });

  it('are gone on from by the pointer before where the newest is damaged', async () => {
    writeFileSync(before('pointer-10.json'), '{"sha256":"');
    expect(steps(await take())).toEqual([1]);
  });

  it('are held until they were seen unchanged for as long as leases lasted, whatever it said', async () => {
    for (const leaseUntil of [1, Date.now() + 3_600_000]) {
      leave(11, 3, leaseUntil);
      const waiting = shelf();
      const ask = () => waiting.acquire(key, owner());
      expect(await ask()).toEqual({ busyMs: 20_000 });
      elapsed += 19_000;
      expect(await ask()).toEqual({ busyMs: 1_000 });
      leave(12, 4, leaseUntil);
      elapsed += 19_000;
      expect(await ask()).toEqual({ busyMs: 20_000 });
    }
    const waiting = shelf();
    await waiting.acquire(key, owner());
    elapsed += 20_000;
    expect(await waiting.acquire(key, owner())).toHaveProperty('lease');
  });

  it('go to one of many that ask at once', async () => {
    const asked = Array.from({ length: 12 }, (_, index) =>
      shelf().acquire(key, owner({ runId: `run-${index}` })),
    );
    expect((await Promise.all(asked)).filter((acquired) => 'lease' in acquired)).toHaveLength(1);
  });

  it('are discarded where the fold was finished', async () => {
    await shelf().discard(key, owner());
    expect(readdirSync(join(folder, 'checkpoints'))).toEqual([]);
  });
});

describe('checkpoints of a store elsewhere', () => {
  let objects: MemoryObjects;
  const remote = (): CheckpointShelf =>
    new CheckpointShelf({ objects, files: filesElsewhere, scratch: join(folder, 'scratch') });
  beforeEach(() => {
    objects = new MemoryObjects();
  });

  async function takeRemote(attempt: number): Promise<Lease> {
    const acquired = await remote().acquire(key, owner({ attempt }));
    if (!('lease' in acquired)) throw new Error('the fold is busy');
    return acquired.lease;
  }
  const large = (names: readonly string[]): string[] =>
    names.filter((name) => !name.endsWith('pointer.json'));

  it('come one alone, and none is sent again that is there', async () => {
    const first = await takeRemote(1);
    await remote().publish(first, checkpoint(first, 1, 'best'));
    await remote().publish(first, checkpoint(first, 2, 'best'));
    expect(large(objects.written)).toHaveLength(3);
    const second = await takeRemote(2);
    const brought = await remote().bring(second);
    expect(brought.map(({ step }) => step)).toEqual([2]);
    expect(readFileSync(brought[0]!.state.path, 'utf8')).toBe('state 2');
    expect(large(objects.read)).toHaveLength(2);
    await remote().publish(second, { ...checkpoint(second, 3), best: brought[0]!.best });
    expect(large(objects.written)).toHaveLength(4);
    await remote().remove(second);
    expect(objects.held.size).toBe(0);
  });

  it.each([
    [
      'damaged',
      (name: string) => void objects.held.set(name, { bytes: Buffer.from('x'), version: 'x', modified: 0 }),
    ],
    ['gone', (name: string) => void objects.held.delete(name)],
  ])('come in the place of a newer one that is %s', async (_, spoil) => {
    const first = await takeRemote(1);
    await remote().publish(first, checkpoint(first, 1));
    await remote().publish(first, checkpoint(first, 2));
    spoil(`checkpoints/${key}/${(await takeRemote(2)).checkpoints[0]!.state.name}`);
    const brought = await remote().bring(await takeRemote(3));
    expect(brought.map(({ step }) => step)).toEqual([1]);
    expect(readFileSync(brought[0]!.state.path, 'utf8')).toBe('state 1');
  });

  it('of who has taken the fold over are not swept by one that was slow to begin', async () => {
    let goOn = (): void => undefined;
    const slow = new MemoryObjects();
    objects = slow;
    const stale = await takeRemote(1);
    await remote().publish(stale, checkpoint(stale, 1));
    const remove = slow.delete.bind(slow);
    let held: Promise<void> | undefined = new Promise((resolve) => (goOn = resolve));
    // An upload that nothing refers to: what the slow one sweeps once it goes on.
    await slow.put(`checkpoints/${key}/${stale.token}-left`, Buffer.from('left'));
    slow.delete = async (name) => {
      const waiting = held;
      held = undefined;
      await waiting;
      await remove(name);
    };
    const beginning = takeRemote(2);
    while (held !== undefined) await new Promise(setImmediate);
    const current = await takeRemote(3);
    await remote().publish(current, checkpoint(current, 2));
    goOn();
    await beginning;
    expect((await remote().bring(await takeRemote(4))).map(({ step }) => step)).toEqual([2]);
  });
});

describe('a lease', () => {
  it('keeps another run out until that has seen it unchanged for as long as it lasts', async () => {
    const lease = await take();
    const waiting = shelf();
    const ask = () => waiting.acquire(key, owner({ runId: 'run-2' }));
    expect(await ask()).toEqual({ busyMs: 1_000 });
    elapsed += 900;
    expect(await ask()).toEqual({ busyMs: 100 });
    await shelf().renew(lease);
    elapsed += 900;
    expect(await ask()).toEqual({ busyMs: 1_000 });
    elapsed += 999;
    expect(await ask()).toEqual({ busyMs: 1 });
    elapsed += 1;
    expect(await ask()).toHaveProperty('lease');
  });

  it('is free at once after a release, and its checkpoints stay', async () => {
    const lease = await take();
    await shelf().publish(lease, checkpoint(lease, 1));
    await shelf().release(lease);
    expect(steps(await take({ runId: 'run-2' }))).toEqual([1]);
  });

  it('is over at once where the process of its owner is gone', async () => {
    await take({ pid: gone });
    expect(await shelf().acquire(key, owner({ runId: 'run-2' }))).toHaveProperty('lease');
  });

  it('passes to a later attempt of the same activity, never to an earlier one', async () => {
    await take({ attempt: 2 });
    expect(await shelf().acquire(key, owner({ attempt: 1 }))).toHaveProperty('busyMs');
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
      (await checkpointsOf(next)).map(
        ({ step, state }) => readFileSync(state.path, 'utf8') === `state ${step}`,
      ),
    ).toEqual([true, true]);
  });
});
