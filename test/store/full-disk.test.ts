import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunDirectory } from '../../activities/run-directory.js';
import { EnvironmentFault } from '../../errors/fault.js';
import type { Artifacts } from '../../store/artifacts.js';
import type { CheckpointShelf, Lease } from '../../store/checkpoints.js';
import { sha256 } from '../../store/digest.js';
import type { KeyIndex } from '../../store/keys.js';
import type { ArtifactRef } from '../../store/store.js';
import { folderState } from './folder-state.js';
import { mountable, SmallDisk } from './small-disk.js';

const without = mountable ? '' : ' (skipped: only root may mount a file system)';
const bytes = new Uint8Array(40_000).fill(7);
const key = sha256('a fold');
const owner = { runId: 'run', activityId: 'fold-1', attempt: 1, host: 'elsewhere', pid: 1, started: null };

/** A workdir's state on a disk, with something of everything in it. */
class State {
  readonly store: Artifacts;
  readonly keys: KeyIndex;
  readonly shelf: CheckpointShelf;
  readonly run: RunDirectory;
  lease!: Lease;
  early!: ArtifactRef;
  /** Outside of the disk. */
  readonly source = join(mkdtempSync(join(tmpdir(), 'foldwise-source-')), 'file');

  constructor(folder: string) {
    const { store, keys, checkpoints } = folderState(folder);
    this.store = store;
    this.keys = keys;
    this.shelf = checkpoints;
    this.run = new RunDirectory({ store, runsDirectory: join(folder, 'runs'), results: null }, 'run');
  }

  async begin(): Promise<this> {
    writeFileSync(this.source, bytes);
    this.early = await this.store.putBytes(new TextEncoder().encode('an early artifact'));
    await this.keys.record({ key: sha256('early'), activity: 'prepareData', run: 'run', output: this.early });
    await this.run.note('run started');
    const acquired = await this.shelf.acquire(key, owner);
    if (!('lease' in acquired)) throw new Error('the fold is free');
    this.lease = acquired.lease;
    await this.publish(1);
    return this;
  }

  /** From outside, so that the checkpoint's bytes need room. */
  publish(step: number): Promise<void> {
    const state = { path: this.source, sha256: sha256(readFileSync(this.source)), bytes: bytes.length };
    return this.shelf.publish(this.lease, { step, state, best: null });
  }

  /** As another worker finds it. */
  async checkpoints(): Promise<number[]> {
    const acquired = await this.shelf.acquire(key, { ...owner, attempt: 2 });
    return 'lease' in acquired ? acquired.lease.checkpoints.map(({ step }) => step) : [];
  }
}

const writes: [claim: string, write: (state: State) => Promise<unknown>][] = [
  ['an artifact of bytes', ({ store }) => store.putBytes(bytes)],
  ['an artifact of a file', ({ store, source }) => store.putFile(source)],
  ["a fold's checkpoint", (state) => state.publish(2)],
  ["a fold's lease", ({ shelf, lease }) => shelf.renew(lease)],
  [
    "a step's record",
    ({ keys, early }) => keys.record({ key, activity: 'prepareData', run: 'run', output: early }),
  ],
  ['an event of a run', ({ run }) => run.note('something', { words: 'x'.repeat(9_000) })],
  [
    'a file of a run',
    ({ run, early }) => run.place('predictEnsemble', { submission: early, rows: 1, seconds: 0 }),
  ],
];

describe.skipIf(!mountable)(`on a disk that fails${without}`, () => {
  let disk: SmallDisk;
  let state: State;
  beforeEach(async () => {
    disk = new SmallDisk();
    state = await new State(disk.folder).begin();
  });
  afterEach(() => {
    disk.remove();
    rmSync(join(state.source, '..'), { recursive: true });
  });

  const failure = (write: (state: State) => Promise<unknown>): Promise<unknown> =>
    write(state).then(
      () => expect.fail('it was written'),
      (error: unknown) => error,
    );

  it.each(writes)(
    '%s that finds no room says so, leaves nothing half-written, and is written once there is',
    async (_, write) => {
      const before = disk.files();
      disk.fill();
      const error = await failure(write);
      expect(error).toBeInstanceOf(EnvironmentFault);
      expect((error as Error).message).toMatch(
        /found ENOSPC \(no space is left on the device\)\. Free some space there; it goes on by itself then\./,
      );
      expect(disk.files()).toEqual(before);
      disk.free();
      await write(state);
    },
  );

  it.each(writes)(
    '%s that finds the disk read-only says so, and is written once it is not',
    async (_, write) => {
      disk.protect();
      const error = await failure(write);
      disk.release();
      expect(error).toBeInstanceOf(EnvironmentFault);
      expect((error as Error).message).toMatch(
        /found EROFS \(the file system is read-only\)\. Make the file system writable/,
      );
      await write(state);
    },
  );

  it('keeps the last checkpoint when the next one finds no room', async () => {
    disk.fill();
    await failure(() => state.publish(2));
    disk.free();
    expect(await state.checkpoints()).toEqual([1]);
  });

  it('still gives what is there while it is read-only', async () => {
    disk.protect();
    const found = await state.keys.find(sha256('early'));
    const text = new TextDecoder().decode(await state.store.getBytes(state.early));
    disk.release();
    expect([found?.output, text]).toEqual([state.early, 'an early artifact']);
  });

  it('keeps an event that found room only in part from spoiling the next', async () => {
    disk.fill();
    await failure(({ run }) => run.note('lost', { words: 'x'.repeat(9_000) }));
    disk.free();
    await state.run.note('after');
    const lines = readFileSync(join(disk.folder, 'runs', 'run', 'events.ndjson'), 'utf8').split('\n');
    expect(lines[0]).toContain('"event":"run started"');
    expect(lines.at(-2)).toMatch(/^\{.*"event":"after"\}$/);
  });
});
