import {
  chmod,
  link,
  open,
  readdir,
  rename,
  rm,
  stat,
  statfs,
  utimes,
  type FileHandle,
} from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentFault } from '../errors/fault.js';
import { makeFolder } from './durable-file.js';
import { errorCode, storageFault } from './faults.js';
import { VerifiedFiles, type LocalFile, type LocalFiles } from './local-files.js';
import type { Leftovers, ObjectStore } from './objects/object-store.js';
import { isAbandoned, temporaryName } from './temporary-file.js';

export interface FileCacheOptions {
  /** Files that nobody uses are removed beyond so many bytes, those first that were used least lately. */
  readonly mostBytes?: number;
}

/** Default: 50 GiB, on a smaller disk a quarter of it. */
const mostBytesByDefault = 50 * 2 ** 30;
const shareOfDisk = 4;

/** A file that a process has not asked for for so long is no longer held for it. */
const heldMs = 24 * 3_600_000;

/** So that whoever sweeps away what killed processes were writing leaves what can be gone on with. */
const partialSuffix = '.part';
/** What nobody went on with for so long is removed. */
const partialMs = 24 * 3_600_000;

/** A download of another process that does not grow for so long is no longer waited for. */
const stalledMs = 60_000;
const pollMs = 100;

interface Held {
  readonly path: string;
  /** When it was last asked for, by this process's own measure. */
  asked: number;
}

/**
 * The files of a store elsewhere that this machine has read or made: `<folder>/files/ab12…`, by the hash of
 * their bytes, shared by all processes of the machine.
 *
 * Whoever asks for a file is given a second name of it, of its process alone: what is removed meanwhile is so
 * removed for others only. Names of processes that have ended are removed by those that come after them.
 */
export class FileCache implements LocalFiles {
  private readonly verifiedFiles = new VerifiedFiles();
  private readonly held = new Map<string, Held>();
  /** What this cache had got of files when it failed. */
  private readonly cutOff = new Map<string, string>();
  private readonly asking = new Map<string, Promise<LocalFile | null>>();
  private mostBytes: Promise<number> | undefined;
  private evicting: Promise<void> = Promise.resolve();

  constructor(
    private readonly objects: Pick<ObjectStore, 'get'>,
    private readonly folder: string,
    private readonly options: FileCacheOptions = {},
  ) {}

  own(): null {
    return null;
  }

  /** Those who ask at once wait for one download. */
  verified(name: string, sha256: string): Promise<LocalFile | null> {
    const asked = this.asking.get(sha256);
    if (asked !== undefined) return asked;
    const asking = this.find(name, sha256)
      .catch((error: unknown) => {
        throw storageFault(error, this.folder, 'bringing an object here');
      })
      .finally(() => this.asking.delete(sha256));
    this.asking.set(sha256, asking);
    return asking;
  }

  /** No file of it is an object's own. */
  linked(): Promise<void> {
    return Promise.resolve();
  }

  async take(_name: string, sha256: string, path: string): Promise<void> {
    try {
      await makeFolder(join(this.folder, 'files'));
      await chmod(path, 0o444);
      await rename(path, this.fileOf(sha256));
      await this.evict();
    } catch (error) {
      // Of another file system: it is brought when it is needed.
      if (errorCode(error) === 'EXDEV') await rm(path, { force: true });
      else if (errorCode(error) !== 'ENOENT') throw storageFault(error, path, 'keeping a file');
    }
  }

  async trim(remove: boolean): Promise<Leftovers> {
    try {
      if (remove) await this.releaseHeld();
      return await this.removeLeastUsed(remove);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return { objects: 0, bytes: 0 };
      throw storageFault(error, this.folder, 'removing files');
    }
  }

  /** Bytes of all files that are kept. The folder is there. */
  room(): Promise<number> {
    return (this.mostBytes ??= this.limit());
  }

  private async find(name: string, sha256: string): Promise<LocalFile | null> {
    const here = await this.look(sha256);
    if (here?.intact === true) return here;
    // Damaged on this machine: the store's may be sound.
    if (here !== null) await this.drop(sha256);
    let brought: LocalFile | null = null;
    // What was got by several attempts may be of several objects; got at once, it is the store's.
    for (let attempt = 0; attempt < 2 && brought?.intact !== true; attempt++) {
      if (brought !== null) await this.drop(sha256);
      if (!(await this.bring(name, sha256))) return null;
      brought = await this.look(sha256);
      if (brought === null) throw lost(this.fileOf(sha256));
    }
    if (brought?.intact !== true) await rm(this.fileOf(sha256), { force: true });
    await this.evict();
    return brought;
  }

  /** A file that is here, by its name of this process. */
  private async look(sha256: string): Promise<LocalFile | null> {
    const held = this.held.get(sha256);
    const path = held?.path ?? (await this.hold(sha256));
    if (path === null) return null;
    const file = await this.verifiedFiles.look(path, sha256);
    if (file === null) {
      this.held.delete(sha256);
      return held === undefined ? null : this.look(sha256);
    }
    this.held.set(sha256, { path, asked: performance.now() });
    const now = new Date();
    // Its own time of change says whether it was verified; that of the last use, who is removed first.
    await utimes(path, now, (await stat(path)).mtime).catch(() => undefined);
    return file;
  }

  /** Gives a file its second name. @returns null where it is not here */
  private async hold(sha256: string): Promise<string | null> {
    const path = temporaryName(join(this.folder, 'held', sha256));
    try {
      await makeFolder(join(this.folder, 'held'));
      await link(this.fileOf(sha256), path);
      return path;
    } catch (error) {
      const code = errorCode(error) ?? '';
      if (code === 'ENOENT') return null;
      // A file system without second names: the file itself has to do.
      if (['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(code)) return this.fileOf(sha256);
      throw error;
    }
  }

  private async drop(sha256: string): Promise<void> {
    const held = this.held.get(sha256);
    this.held.delete(sha256);
    await rm(this.fileOf(sha256), { force: true });
    if (held !== undefined) await rm(held.path, { force: true });
  }

  /** Brings an object here, on from where an earlier attempt was cut off. @returns false where there is none */
  private async bring(name: string, sha256: string): Promise<boolean> {
    await makeFolder(join(this.folder, 'partial'));
    await makeFolder(join(this.folder, 'files'));
    if (await this.broughtByAnother(sha256)) return true;
    const path = `${temporaryName(join(this.folder, 'partial', sha256))}${partialSuffix}`;
    await this.adopt(sha256, path);
    this.cutOff.set(sha256, path);
    const file = await open(path, 'a+');
    const isThere = await this.append(name, file).finally(() => file.close());
    this.cutOff.delete(sha256);
    if (!isThere) {
      await rm(path, { force: true });
      return false;
    }
    await chmod(path, 0o444);
    await rename(path, this.fileOf(sha256));
    return true;
  }

  private async append(name: string, file: FileHandle): Promise<boolean> {
    const { size } = await file.stat();
    const range = size === 0 ? {} : { range: { from: size, to: Number.MAX_SAFE_INTEGER } };
    const content = await this.objects.get(name, range);
    if (content === null) return false;
    // What was left is of something else: its bytes are looked at in the end.
    if (size > content.bytes) await file.truncate(0);
    for await (const part of content.stream) await file.write(part as Buffer);
    return true;
  }

  /** Waits for a download of another process that lives. @returns whether it has ended well */
  private async broughtByAnother(sha256: string): Promise<boolean> {
    let size = -1;
    let grew = performance.now();
    for (;;) {
      if ((await stat(this.fileOf(sha256)).catch(() => null)) !== null) return true;
      const own = this.cutOff.get(sha256);
      const partials = await this.partials(sha256);
      const other = partials.find(({ path, abandoned }) => path !== own && !abandoned);
      if (other === undefined) return false;
      if (other.size !== size) grew = performance.now();
      else if (performance.now() - grew > stalledMs) return false;
      size = other.size;
      await delay(pollMs);
    }
  }

  /** Takes over what was got of a file by this cache, or by a process that has ended: one of those who try succeeds. */
  private async adopt(sha256: string, path: string): Promise<void> {
    const own = this.cutOff.get(sha256);
    const left = (await this.partials(sha256)).filter((each) => each.path === own || each.abandoned);
    for (const each of left) {
      try {
        await rename(each.path, path);
        return;
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error;
      }
    }
  }

  private async partials(sha256: string): Promise<{ path: string; size: number; abandoned: boolean }[]> {
    const folder = join(this.folder, 'partial');
    const names = (await readdir(folder)).filter((each) => each.startsWith(sha256));
    const found = names.map(async (each) => {
      const path = join(folder, each);
      const size = (await stat(path).catch(() => null))?.size ?? -1;
      return { path, size, abandoned: await isAbandoned(path.slice(0, -partialSuffix.length)) };
    });
    return (await Promise.all(found)).filter(({ size }) => size >= 0);
  }

  /** Removes what is too much. One at a time in a process; between processes it does no harm. */
  private evict(): Promise<void> {
    this.evicting = this.evicting
      .then(() => this.trim(true))
      .then(
        () => undefined,
        () => undefined,
      );
    return this.evicting;
  }

  private async removeLeastUsed(remove: boolean): Promise<Leftovers> {
    const folder = join(this.folder, 'files');
    const files = await Promise.all(
      (await readdir(folder)).map(async (each) => {
        const path = join(folder, each);
        const status = await stat(path).catch(() => null);
        return status === null ? null : { path, status };
      }),
    );
    // With another name, in use or in a run's directory, its removal would free nothing.
    const alone = files.flatMap((file) => (file !== null && file.status.nlink === 1 ? [file] : []));
    let bytes = files.reduce((sum, file) => sum + (file?.status.size ?? 0), 0);
    const removed = { objects: 0, bytes: 0 };
    const most = await this.room();
    for (const { path, status } of alone.sort((a, b) => a.status.atimeMs - b.status.atimeMs)) {
      if (bytes <= most) break;
      if (remove) await rm(path, { force: true });
      bytes -= status.size;
      removed.objects++;
      removed.bytes += status.size;
    }
    return removed;
  }

  /** Second names that were not asked for, those of processes that have ended, and what nobody went on with. */
  private async releaseHeld(): Promise<void> {
    for (const [sha256, { path, asked }] of this.held) {
      if (performance.now() - asked < heldMs || path === this.fileOf(sha256)) continue;
      this.held.delete(sha256);
      await rm(path, { force: true });
    }
    const folder = join(this.folder, 'held');
    for (const each of await readdir(folder).catch(() => [])) {
      const path = join(folder, each);
      if (await isAbandoned(path)) await rm(path, { force: true });
    }
    const partial = join(this.folder, 'partial');
    for (const each of await readdir(partial).catch(() => [])) {
      const path = join(partial, each);
      const status = await stat(path).catch(() => null);
      if (status !== null && status.mtimeMs < Date.now() - partialMs) await rm(path, { force: true });
    }
  }

  private async limit(): Promise<number> {
    if (this.options.mostBytes !== undefined) return this.options.mostBytes;
    const { blocks, bsize } = await statfs(this.folder);
    return Math.min(mostBytesByDefault, (blocks * bsize) / shareOfDisk);
  }

  private fileOf(sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new RangeError('a file is named by a SHA-256 in hex');
    return join(this.folder, 'files', sha256);
  }
}

function lost(path: string): EnvironmentFault {
  return new EnvironmentFault({
    where: path,
    what: 'a file that was brought here went away at once',
    remedy: 'Let nobody else remove files there.',
  });
}
