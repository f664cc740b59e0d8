import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Dice } from '../../bench/dice.js';
import { CheckpointShelf, type CheckpointOnDisk, type Lease } from '../../store/checkpoints.js';
import { LeaseLost } from '../../store/faults.js';
import { filesElsewhere, MemoryObjects } from './memory-objects.js';

const key = 'ab'.repeat(32);
const leaseMs = 1_000;
const hour = 3_600_000;
let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'foldwise-leases-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(scratch, { recursive: true, force: true });
});

/** A worker's host: its monotonic clock runs a little fast or slow, its wall clock says anything. */
class Host {
  lease: Lease | null = null;
  /** Killed: it renews no more. */
  dead = false;
  /** The time of the world at which it last renewed. */
  renewed = 0;
  wall: number;
  private readonly shelf: CheckpointShelf;

  constructor(
    private readonly world: World,
    private readonly name: string,
    rate: number,
  ) {
    this.wall = world.dice.between(-hour, hour);
    const places = { objects: world.objects, files: filesElsewhere, scratch: join(scratch, name) };
    this.shelf = new CheckpointShelf(places, { leaseMs, elapsed: () => 5_000_000 + world.now * rate });
  }

  async ask(): Promise<void> {
    if (this.lease !== null || this.dead) return;
    const began = this.world.now;
    const owner = {
      runId: this.name,
      activityId: 'fold-1',
      attempt: 1,
      host: this.name,
      pid: 1,
      started: null,
    };
    const acquired = await this.shelf.acquire(key, owner);
    if (!('lease' in acquired)) return;
    this.lease = acquired.lease;
    this.renewed = began;
  }

  /** @returns whether it may write */
  async work(): Promise<boolean> {
    const { lease } = this;
    if (lease === null) return false;
    const began = this.world.now;
    try {
      await (this.world.dice.between(0, 1) < 0.5
        ? this.shelf.renew(lease)
        : this.shelf.publish(lease, this.checkpoint(lease)));
      this.renewed = began;
      return true;
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      this.lease = null;
      return false;
    }
  }

  /** Whatever it believes: whether its token still opens the fold. */
  async mayPublish(): Promise<boolean> {
    if (this.lease === null) return false;
    return this.shelf.publish(this.lease, this.checkpoint(this.lease)).then(
      () => true,
      (error: unknown) => {
        if (error instanceof LeaseLost) return false;
        throw error;
      },
    );
  }

  private checkpoint(lease: Lease): CheckpointOnDisk {
    const step = this.world.steps++;
    const text = `state ${step}`;
    const path = join(lease.workDirectory, `state-${step}`);
    writeFileSync(path, text);
    const state = { path, sha256: createHash('sha256').update(text).digest('hex'), bytes: text.length };
    return { step, state, best: null };
  }
}

/** Hosts that want one fold, and a store that answers in any order. */
class World {
  readonly dice: Dice;
  readonly objects: MemoryObjects;
  readonly hosts: readonly Host[];
  now = 0;
  steps = 0;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    this.objects = new MemoryObjects(async () => {
      for (let turns = this.dice.between(0, 3); turns >= 1; turns--) await turn();
    });
    this.hosts = ['one', 'two', 'three'].map((name) => new Host(this, name, this.dice.between(0.7, 1.5)));
    vi.spyOn(Date, 'now').mockImplementation(
      () => hour * 100_000 + this.now + (this.dice.one(this.hosts)?.wall ?? 0),
    );
  }

  /** A clock of somebody's jumps, and time goes by. */
  pass(most: number): void {
    const host = this.dice.one(this.hosts)!;
    if (this.dice.between(0, 1) < 0.3) host.wall = this.dice.between(-hour, hour);
    this.now += this.dice.between(0, most);
  }

  async publishers(): Promise<Host[]> {
    const may: Host[] = [];
    for (const host of this.hosts) if (await host.mayPublish()) may.push(host);
    return may;
  }
}

const seeds = Array.from({ length: 40 }, (_, seed) => seed);

describe('of hosts whose clocks say anything', () => {
  it.each(seeds)('one at most can publish, whatever they do at once (%i)', async (seed) => {
    const world = new World(seed);
    for (let round = 0; round < 25; round++) {
      world.pass(leaseMs);
      await Promise.all(world.hosts.map((host) => (host.lease === null ? host.ask() : host.work())));
      const holders = await world.publishers();
      expect(holders.length).toBeLessThanOrEqual(1);
      // Who asked and holds it is the one: a fold that is held by nobody would be free.
      if (holders.length === 0) expect(world.hosts.every(({ lease }) => lease === null)).toBe(true);
    }
  });

  it.each(seeds)('none takes a fold from one that renews its lease in time (%i)', async (seed) => {
    const world = new World(seed);
    const [first, ...others] = world.hosts;
    await first!.ask();
    for (let round = 0; round < 60; round++) {
      world.pass(leaseMs / 8);
      const renews = world.now - first!.renewed > leaseMs / 4;
      const works = renews ? first!.work() : Promise.resolve(true);
      await Promise.all(others.map((host) => host.ask()));
      expect(others.every(({ lease }) => lease === null)).toBe(true);
      expect(await works).toBe(true);
    }
  });

  it.each(seeds)('one gets the fold soon after its holder was killed (%i)', async (seed) => {
    const world = new World(seed);
    const [first, ...others] = world.hosts;
    await first!.ask();
    for (let round = 0; round < world.dice.between(0, 5); round++) {
      world.pass(leaseMs / 4);
      await Promise.all([first!.work(), ...others.map((host) => host.ask())]);
    }
    const killed = world.now;
    while (others.every(({ lease }) => lease === null)) {
      world.pass(leaseMs / 4);
      await Promise.all(others.map((host) => host.ask()));
      // The slowest of the clocks, and a look before and after.
      expect(world.now - killed).toBeLessThan(leaseMs / 0.7 + leaseMs);
    }
    expect(await world.publishers()).toHaveLength(1);
    expect(await first!.mayPublish()).toBe(false);
  });
});
