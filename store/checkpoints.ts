import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, sep } from 'node:path';
import { linkDurably } from './durable-file.js';
import { LeaseLost, storageFault } from './faults.js';
import { isGoneFromHere } from './process-identity.js';
import {
  readPointer,
  swapPointer,
  type CheckpointOwner,
  type CheckpointPointer,
  type ShelvedCheckpoint,
  type ShelvedFile,
} from './checkpoint-pointer.js';

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
  /** Newest first. */
  readonly checkpoints: readonly CheckpointOnDisk[];
  /** An empty folder for the trainer, removed with the lease. */
  readonly workDirectory: string;
}

export type Acquired = { readonly lease: Lease } | { readonly busyUntil: number };

export interface ShelfOptions {
  /** How long a lease lasts without being renewed. Default 20 s. */
  readonly leaseMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * The checkpoints of folds in progress, each fold's under its key.
 *
 * Two checkpoints are kept at most, and the older one until the newer is safe. Every write is fenced
 * by the lease's token. Methods throw LeaseLost, or an EnvironmentFault where the storage fails.
 */
export class CheckpointShelf {
  private readonly options: ShelfOptions;

  /** How long a lease lasts without being renewed. */
  get leaseMs(): number {
    return this.options.leaseMs;
  }

  constructor(
    private readonly folder: string,
    options: Partial<ShelfOptions> = {},
  ) {
    this.options = { leaseMs: 20_000, now: Date.now, ...options };
  }

  /** Takes a fold over where nobody has it; a later attempt of the same run takes it from an earlier one. */
  async acquire(key: string, owner: CheckpointOwner): Promise<Acquired> {
    return this.guard(key, async () => {
      for (;;) {
        const { version, pointer } = await readPointer(this.folderOf(key));
        if (pointer !== null && this.isHeldAgainst(pointer, owner)) return { busyUntil: pointer.leaseUntil };
        const next: CheckpointPointer = {
          owner,
          token: randomUUID(),
          leaseUntil: this.options.now() + this.options.leaseMs,
          seed: pointer?.seed ?? null,
          attempts: (pointer?.attempts ?? 0) + 1,
          checkpoints: pointer?.checkpoints ?? [],
        };
        if (await swapPointer(this.folderOf(key), version, next))
          return { lease: await this.open(key, next) };
      }
    });
  }

  async renew(lease: Lease): Promise<void> {
    await this.update(lease, (pointer) => pointer);
  }

  /** Keeps a checkpoint; its files in the work directory are moved away. */
  async publish(lease: Lease, checkpoint: CheckpointOnDisk): Promise<void> {
    await this.guard(lease.key, async () => {
      const shelved: ShelvedCheckpoint = {
        step: checkpoint.step,
        state: await this.shelve(lease, checkpoint.state),
        best: checkpoint.best === null ? null : await this.shelve(lease, checkpoint.best),
      };
      const older = (pointer: CheckpointPointer) =>
        pointer.checkpoints.filter(({ step }) => step !== shelved.step);
      await this.update(lease, (pointer) => ({
        ...pointer,
        checkpoints: [shelved, ...older(pointer).slice(0, 1)],
      }));
      for (const file of [checkpoint.state, checkpoint.best]) {
        if (file?.path.startsWith(lease.workDirectory + sep)) await rm(file.path, { force: true });
      }
    });
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
    await this.guard(lease.key, () => rm(lease.workDirectory, { recursive: true, force: true }));
    try {
      await this.update(lease, (pointer) => ({ ...pointer, leaseUntil: 0 }));
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      await this.guard(lease.key, () => this.withdraw(lease));
    }
  }

  /** Removes what is left of a finished fold whose attempt was killed before it could. */
  async discard(key: string, owner: CheckpointOwner): Promise<void> {
    const { version } = await this.guard(key, () => readPointer(this.folderOf(key)));
    if (version === 0) return;
    const acquired = await this.acquire(key, owner);
    if ('lease' in acquired) await this.remove(acquired.lease);
  }

  /** Removes everything of a finished fold. */
  async remove(lease: Lease): Promise<void> {
    await this.renew(lease);
    await this.guard(lease.key, () => rm(this.folderOf(lease.key), { recursive: true, force: true }));
  }

  private async update(
    lease: Lease,
    change: (pointer: CheckpointPointer) => CheckpointPointer,
  ): Promise<void> {
    await this.guard(lease.key, async () => {
      for (;;) {
        const { version, pointer } = await readPointer(this.folderOf(lease.key));
        if (pointer?.token !== lease.token) throw this.lost(lease);
        const leaseUntil = this.options.now() + this.options.leaseMs;
        const next = change({ ...pointer, leaseUntil });
        if (!(await swapPointer(this.folderOf(lease.key), version, next))) continue;
        await this.drop(lease.key, filesOf(pointer), filesOf(next));
        return;
      }
    });
  }

  private async open(key: string, pointer: CheckpointPointer): Promise<Lease> {
    const folder = this.folderOf(key);
    await this.sweep(folder, filesOf(pointer));
    const workDirectory = join(folder, `work-${pointer.token}`);
    await mkdir(workDirectory, { recursive: true });
    const onDisk = ({ name, sha256, bytes }: ShelvedFile) => ({ path: join(folder, name), sha256, bytes });
    return {
      key,
      token: pointer.token,
      attempts: pointer.attempts,
      seed: pointer.seed,
      checkpoints: pointer.checkpoints.map(({ step, state, best }) => ({
        step,
        state: onDisk(state),
        best: best === null ? null : onDisk(best),
      })),
      workDirectory,
    };
  }

  /** What attempts before this one left: they are fenced off, so nobody needs it. */
  private async sweep(folder: string, keep: readonly string[]): Promise<void> {
    for (const entry of await readdir(folder)) {
      if (entry.startsWith('pointer-') || keep.includes(entry)) continue;
      await rm(join(folder, entry), { recursive: true, force: true });
    }
  }

  /** What an attempt wrote after it had lost its lease; its successor may have finished and gone. */
  private async withdraw(lease: Lease): Promise<void> {
    const folder = this.folderOf(lease.key);
    const { pointer } = await readPointer(folder);
    const keep = pointer === null ? [] : filesOf(pointer);
    const entries = await readdir(folder).catch(() => []);
    for (const entry of entries) {
      if (entry.startsWith(lease.token) && !keep.includes(entry)) await rm(join(folder, entry));
    }
    // Only an empty folder goes.
    await rmdir(folder).catch(() => undefined);
  }

  private async drop(key: string, before: readonly string[], after: readonly string[]): Promise<void> {
    for (const name of before) {
      if (!after.includes(name)) await rm(join(this.folderOf(key), name), { force: true });
    }
  }

  /** The token in the name keeps apart the same bytes of two attempts, so that neither removes the other's. */
  private async shelve(lease: Lease, file: CheckpointFileOnDisk): Promise<ShelvedFile> {
    const { size } = await stat(file.path);
    if (size !== file.bytes) throw new RangeError(`a checkpoint of ${file.bytes} bytes has ${size}`);
    const name = `${lease.token}-${file.sha256}`;
    const target = join(this.folderOf(lease.key), name);
    if (target !== file.path) await linkDurably(file.path, target);
    return { name, sha256: file.sha256, bytes: file.bytes };
  }

  private isHeldAgainst(pointer: CheckpointPointer, owner: CheckpointOwner): boolean {
    if (pointer.leaseUntil <= this.options.now()) return false;
    const held = pointer.owner;
    if (held.host === hostname() && isGoneFromHere(held)) return false;
    if (held.runId !== owner.runId) return true;
    return held.activityId === owner.activityId && held.attempt > owner.attempt;
  }

  private lost(lease: Lease): LeaseLost {
    return new LeaseLost({
      where: this.folderOf(lease.key),
      what: 'another attempt has taken this fold over',
      remedy: 'Nothing is lost: the other attempt goes on from the last checkpoint.',
    });
  }

  private async guard<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storageFault(error, this.folderOf(key), 'keeping the checkpoints');
    }
  }

  private folderOf(key: string): string {
    if (!/^[0-9a-f-]{16,128}$/.test(key)) throw new RangeError('a checkpoint key is hex');
    return join(this.folder, key);
  }
}

function filesOf({ checkpoints }: CheckpointPointer): string[] {
  return checkpoints.flatMap(({ state, best }) => (best === null ? [state.name] : [state.name, best.name]));
}
