import { randomUUID } from 'node:crypto';
import { rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, sep } from 'node:path';
import { performance } from 'node:perf_hooks';
import {
  checkpointFolder,
  pointerName,
  readPointer,
  swapPointer,
  type CheckpointOwner,
  type CheckpointPointer,
  type SeenPointer,
  type ShelvedCheckpoint,
  type ShelvedFile,
} from './checkpoint-pointer.js';
import { makeFolder } from './durable-file.js';
import { LeaseLost, storageFault } from './faults.js';
import { LeaseObserver } from './lease-observer.js';
import type { LocalFiles } from './local-files.js';
import type { ObjectStore, ObjectVersion } from './objects/object-store.js';
import { bringObject } from './objects/read-object.js';
import { isGoneFromHere, thisProcess } from './process-identity.js';
import { sweepTemporaryFiles, temporaryName } from './temporary-file.js';

/** A checkpoint's file on the local disk, with the hash it must have. */
export interface CheckpointFileOnDisk {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A checkpoint as its trainer writes it and resumes from it. */
export interface CheckpointOnDisk {
  readonly step: number;
  readonly state: CheckpointFileOnDisk;
  readonly best: CheckpointFileOnDisk | null;
}

/** The right to write a fold's checkpoints, until it runs out or another attempt takes over. */
export interface Lease {
  readonly key: string;
  readonly token: string;
  /** Which attempt at this fold it is, over all runs. */
  readonly attempts: number;
  /** The seed that the checkpoints belong to; null before the first `restart`. */
  readonly seed: number | null;
  /** Those that were there when it began, newest first; see `CheckpointShelf.bring`. */
  readonly checkpoints: readonly ShelvedCheckpoint[];
  /** An empty folder of this machine for the trainer, removed with the lease. */
  readonly workDirectory: string;
}

/** Where it is held: for how much longer, as far as is known here, unless it is renewed. */
export type Acquired = { readonly lease: Lease } | { readonly busyMs: number };

export interface ShelfOptions {
  /** How long a lease lasts without being renewed. Default 20 s. */
  readonly leaseMs: number;
  /** Milliseconds that have gone by in this process, whatever the clock says. */
  readonly elapsed: () => number;
}

export interface ShelfPlaces {
  readonly objects: ObjectStore;
  readonly files: LocalFiles;
  /** Folder of this machine for what trainers write; in a folder's store on its disk. */
  readonly scratch: string;
}

interface Held {
  readonly version: ObjectVersion | null;
  readonly pointer: CheckpointPointer;
}

/**
 * The checkpoints of folds in progress, each fold's under its key.
 *
 * Two checkpoints are kept at most, and the older one until the newer is safe. Every write is fenced
 * by the lease's token, and no clock is compared with another's: whether a lease has run out is
 * judged by each who waits for it (`LeaseObserver`). Methods throw LeaseLost, or an EnvironmentFault where
 * the storage fails.
 */
export class CheckpointShelf {
  private readonly objects: ObjectStore;
  private readonly options: ShelfOptions;
  private readonly observer: LeaseObserver;
  /** What this process wrote last, by token: who renews need not read first. */
  private readonly held = new Map<string, Held>();

  /** How long a lease lasts without being renewed. */
  get leaseMs(): number {
    return this.options.leaseMs;
  }

  constructor(
    private readonly places: ShelfPlaces,
    options: Partial<ShelfOptions> = {},
  ) {
    this.objects = places.objects;
    this.options = { leaseMs: 20_000, elapsed: () => performance.now(), ...options };
    this.observer = new LeaseObserver(this.options.elapsed);
  }

  /** Takes a fold over where nobody has it; a later attempt of the same run takes it from an earlier one. */
  async acquire(key: string, owner: CheckpointOwner): Promise<Acquired> {
    for (;;) {
      const began = this.options.elapsed();
      const seen = await readPointer(this.objects, key);
      if (seen.pointer !== null && isHeldAgainst(seen.pointer, owner)) {
        const busyMs = this.observer.remaining(key, seen.state, seen.pointer.leaseMs, began);
        if (busyMs > 0) return { busyMs };
      }
      // Listed before the fold is taken: whoever takes it from us writes nothing that is among these.
      const former = await this.namesOf(key);
      const held = await this.take(key, owner, seen);
      if (held === null) continue;
      this.observer.forget(key);
      return { lease: await this.open(key, held, former) };
    }
  }

  async renew(lease: Lease): Promise<void> {
    await this.update(lease, (pointer) => pointer);
    // As long as somebody works in it, no sweep of another machine's finds it left alone.
    const now = new Date();
    await utimes(lease.workDirectory, now, now).catch(() => undefined);
  }

  /** Keeps a checkpoint; its files in the work directory are moved away. One at a time for each lease. */
  async publish(lease: Lease, checkpoint: CheckpointOnDisk): Promise<void> {
    const { pointer } = await this.holding(lease);
    const shelved: ShelvedCheckpoint = {
      step: checkpoint.step,
      state: await this.shelve(lease, checkpoint.state, pointer),
      best: checkpoint.best === null ? null : await this.shelve(lease, checkpoint.best, pointer),
    };
    const older = (now: CheckpointPointer) => now.checkpoints.filter(({ step }) => step !== shelved.step);
    await this.update(lease, (now) => ({ ...now, checkpoints: [shelved, ...older(now).slice(0, 1)] }));
    await this.forgo(lease, checkpoint);
  }

  /** Removes what the work directory has of a checkpoint that is not to be kept, or is kept elsewhere. */
  async forgo(lease: Lease, { state, best }: CheckpointOnDisk): Promise<void> {
    for (const file of [state, best]) {
      if (file !== null && isWithin(file.path, lease.workDirectory)) await this.removeLocal(file.path);
    }
  }

  /**
   * The lease's checkpoints as files of this machine, newest first: all of a store that keeps them here. From
   * elsewhere the newest that is sound is brought into the work directory, and an older one only in its place.
   */
  async bring(lease: Lease): Promise<CheckpointOnDisk[]> {
    const here: CheckpointOnDisk[] = [];
    for (const { step, state, best } of lease.checkpoints) {
      const files = [
        await this.bringFile(lease, state),
        best === null ? null : await this.bringFile(lease, best),
      ];
      const [ownState, ownBest] = files;
      if (ownState == null || (best !== null && ownBest == null)) continue;
      here.push({ step, state: ownState, best: ownBest ?? null });
      if (this.places.files.own(this.nameOf(lease, state)) === null) break;
    }
    return here;
  }

  /** Drops the checkpoints: the fold starts again with another seed. */
  async restart(lease: Lease, seed: number): Promise<void> {
    await this.update(lease, (pointer) => ({
      ...pointer,
      seed,
      checkpoints: pointer.seed === seed ? pointer.checkpoints : [],
    }));
  }

  /** Gives the fold up and keeps its checkpoints, for whoever comes next. */
  async release(lease: Lease): Promise<void> {
    await this.removeLocal(lease.workDirectory);
    try {
      await this.update(lease, (pointer) => ({ ...pointer, released: true }));
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      await this.withdraw(lease);
    }
    this.held.delete(lease.token);
  }

  /** Removes what is left of a finished fold whose attempt was killed before it could. */
  async discard(key: string, owner: CheckpointOwner): Promise<void> {
    const { version, pointer } = await readPointer(this.objects, key);
    if (version === null && pointer === null) return;
    const acquired = await this.acquire(key, owner);
    if ('lease' in acquired) await this.remove(acquired.lease);
  }

  /**
   * Removes what is left of a fold that nobody has written to since, by the clock of the store: a lease that is
   * older than any lasts is none.
   *
   * @returns whether it did
   */
  async clear(key: string, before: number): Promise<boolean> {
    const seen = await readPointer(this.objects, key);
    const facts = await this.objects.stat(pointerName(key));
    if (facts !== null && (facts.version !== seen.version || facts.modified >= before)) return false;
    const former = await this.namesOf(key);
    const owner = { runId: '', activityId: 'store gc', attempt: 1, host: hostname(), ...thisProcess() };
    const held = await this.take(key, owner, seen);
    if (held === null) return false;
    await this.remove(await this.open(key, held, former));
    return true;
  }

  /** Removes everything of a finished fold. */
  async remove(lease: Lease): Promise<void> {
    await this.renew(lease);
    await this.removeLocal(lease.workDirectory);
    // The pointer last: as long as something is left, it can be found.
    for (const name of await this.namesOf(lease.key)) await this.objects.delete(name);
    await this.objects.delete(pointerName(lease.key));
    this.held.delete(lease.token);
  }

  /** Null where somebody else changed the pointer first. */
  private async take(key: string, owner: CheckpointOwner, seen: SeenPointer): Promise<Held | null> {
    const pointer: CheckpointPointer = {
      owner,
      token: randomUUID(),
      released: false,
      leaseMs: this.options.leaseMs,
      writes: (seen.pointer?.writes ?? 0) + 1,
      seed: seen.pointer?.seed ?? null,
      attempts: (seen.pointer?.attempts ?? 0) + 1,
      checkpoints: seen.pointer?.checkpoints ?? [],
    };
    const version = await swapPointer(this.objects, key, seen.version, pointer);
    if (version === null) return null;
    this.held.set(pointer.token, { version, pointer });
    return { version, pointer };
  }

  /** @param former what was there before: attempts that are fenced off made it, so nobody needs the rest of it */
  private async open(key: string, { pointer }: Held, former: readonly string[]): Promise<Lease> {
    const folder = checkpointFolder(key);
    const keep = filesOf(pointer).map((name) => `${folder}/${name}`);
    for (const name of former) if (!keep.includes(name)) await this.objects.delete(name);
    const { scratch } = this.places;
    await sweepTemporaryFiles(scratch);
    const workDirectory = temporaryName(join(scratch, 'fold'));
    try {
      await makeFolder(workDirectory);
    } catch (error) {
      throw storageFault(error, workDirectory, 'making a folder');
    }
    const { token, attempts, seed, checkpoints } = pointer;
    return { key, token, attempts, seed, checkpoints, workDirectory };
  }

  private async update(
    lease: Lease,
    change: (pointer: CheckpointPointer) => CheckpointPointer,
  ): Promise<void> {
    for (let { version, pointer } = await this.holding(lease); ;) {
      const next = change({ ...pointer, released: false, writes: pointer.writes + 1 });
      const written = await swapPointer(this.objects, lease.key, version, next);
      if (written !== null) {
        this.held.set(lease.token, { version: written, pointer: next });
        await this.drop(lease, filesOf(pointer), filesOf(next));
        return;
      }
      this.held.delete(lease.token);
      ({ version, pointer } = await this.holding(lease));
    }
  }

  /** The pointer as it was last seen under the lease. @throws LeaseLost where it is another's by now */
  private async holding(lease: Lease): Promise<Held> {
    const known = this.held.get(lease.token);
    if (known !== undefined) return known;
    const { version, pointer } = await readPointer(this.objects, lease.key);
    if (pointer?.token === lease.token) return { version, pointer };
    throw new LeaseLost({
      where: `${this.objects.place}/${checkpointFolder(lease.key)}`,
      what: 'another attempt has taken this fold over',
      remedy: 'Nothing is lost: the other attempt goes on from the last checkpoint.',
    });
  }

  /** What an attempt wrote after it had lost its lease; its successor may have finished and gone. */
  private async withdraw(lease: Lease): Promise<void> {
    const { pointer } = await readPointer(this.objects, lease.key);
    const keep = pointer === null ? [] : filesOf(pointer);
    const own = `${checkpointFolder(lease.key)}/${lease.token}`;
    for await (const { name } of this.objects.list(own)) {
      if (!keep.includes(name.slice(name.lastIndexOf('/') + 1))) await this.objects.delete(name);
    }
  }

  private async drop(lease: Lease, before: readonly string[], after: readonly string[]): Promise<void> {
    const folder = checkpointFolder(lease.key);
    for (const name of before) if (!after.includes(name)) await this.objects.delete(`${folder}/${name}`);
  }

  /**
   * A file that is kept already stays where it is. The token in a new name keeps apart the same bytes of two
   * attempts, so that neither removes the other's.
   */
  private async shelve(
    lease: Lease,
    file: CheckpointFileOnDisk,
    pointer: CheckpointPointer,
  ): Promise<ShelvedFile> {
    const { sha256, bytes, path } = file;
    const kept = shelvedFiles(pointer).find((each) => each.sha256 === sha256 && each.bytes === bytes);
    if (kept !== undefined) return kept;
    const shelved = { name: `${lease.token}-${sha256}`, sha256, bytes };
    let size: number;
    try {
      ({ size } = await stat(path));
    } catch (error) {
      throw storageFault(error, path, 'keeping the checkpoints');
    }
    if (size !== bytes) throw new RangeError(`a checkpoint of ${bytes} bytes has ${size}`);
    await this.objects.put(this.nameOf(lease, shelved), { path, move: isWithin(path, lease.workDirectory) });
    return shelved;
  }

  /** Null where it is gone, or not what it was. */
  private async bringFile(lease: Lease, file: ShelvedFile): Promise<CheckpointFileOnDisk | null> {
    const { sha256, bytes } = file;
    const name = this.nameOf(lease, file);
    const own = this.places.files.own(name);
    // Its reader verifies it.
    if (own !== null) return { path: own, sha256, bytes };
    const path = join(lease.workDirectory, file.name);
    return (await bringObject(this.objects, name, path)) === sha256 ? { path, sha256, bytes } : null;
  }

  /** All of a fold's objects but the pointer. */
  private async namesOf(key: string): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of this.objects.list(`${checkpointFolder(key)}/`)) names.push(name);
    return names.filter((name) => name !== pointerName(key));
  }

  private nameOf({ key }: Lease, { name }: ShelvedFile): string {
    return `${checkpointFolder(key)}/${name}`;
  }

  private async removeLocal(path: string): Promise<void> {
    try {
      await rm(path, { recursive: true, force: true });
    } catch (error) {
      throw storageFault(error, path, 'keeping the checkpoints');
    }
  }
}

function isHeldAgainst({ owner: held, released }: CheckpointPointer, owner: CheckpointOwner): boolean {
  if (released) return false;
  if (held.host === hostname() && isGoneFromHere(held)) return false;
  if (held.runId !== owner.runId) return true;
  return held.activityId === owner.activityId && held.attempt > owner.attempt;
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(folder + sep);
}

function shelvedFiles({ checkpoints }: CheckpointPointer): ShelvedFile[] {
  return checkpoints.flatMap(({ state, best }) => (best === null ? [state] : [state, best]));
}

function filesOf(pointer: CheckpointPointer): string[] {
  return shelvedFiles(pointer).map(({ name }) => name);
}
