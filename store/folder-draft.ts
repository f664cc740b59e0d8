import { lstat, readdir, rename, rm, rmdir, stat, statfs, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EnvironmentFault } from '../errors/fault.js';
import { flushFile, flushFolder, linkOrCopy, makeFolder } from './durable-file.js';
import { errorCode } from './faults.js';
import { isAbandoned, temporaryName } from './temporary-file.js';

/** A folder under construction: it lies beside its place, and comes into it whole or not at all. */
export class FolderDraft {
  /** Files that were added, by the file they are a name of. */
  private readonly added = new Map<string, string>();

  private constructor(
    private readonly target: string,
    /** Where it is until it is published. */
    readonly path: string,
  ) {}

  /** Begins one, and removes what killed processes left of earlier ones. */
  static async begin(target: string): Promise<FolderDraft> {
    await makeFolder(dirname(target));
    for (const name of await readdir(dirname(target))) {
      const path = join(dirname(target), name);
      if (name.startsWith(`${basename(target)}.`) && (await isAbandoned(path)))
        await rm(path, { recursive: true, force: true });
    }
    const draft = new FolderDraft(target, temporaryName(target));
    await makeFolder(draft.path);
    return draft;
  }

  /** @param name a path within the folder, with slashes */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    await writeFile(await this.placeOf(name), content, { flag: 'wx' });
  }

  /** Gives a file a second name in the folder; a copy where it cannot have one. */
  async add(source: string, name: string): Promise<void> {
    const { dev, ino } = await stat(source, { bigint: true });
    const place = await this.placeOf(name);
    const key = `${dev} ${ino}`;
    // Two names of one file stay so, also where it has to be copied.
    await linkOrCopy(this.added.get(key) ?? source, place);
    if (!this.added.has(key)) this.added.set(key, place);
  }

  /** Where a file of that name is to be written. */
  async placeOf(name: string): Promise<string> {
    const place = join(this.path, ...name.split('/'));
    await makeFolder(dirname(place));
    return place;
  }

  /** The files that it has, by path within it with slashes, in the order of their names. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true });
    const depth = this.path.length + 1;
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(depth).replaceAll('\\', '/'))
      .sort();
  }

  /** Puts it into its place, and what is there away. */
  async publish(): Promise<void> {
    await this.flush();
    const former = await lstat(this.target).catch(() => null);
    if (former === null) await rename(this.path, this.target);
    else await this.replace();
    await flushFolder(dirname(this.target));
  }

  /** Removes it, where it was not published. */
  async discard(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  private async flush(): Promise<void> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isDirectory()) await flushFolder(path);
      else await flushFile(path);
    }
    await flushFolder(this.path);
  }

  private async replace(): Promise<void> {
    if ((await readdir(this.target)).length === 0) {
      await rmdir(this.target);
      return rename(this.path, this.target);
    }
    const aside = temporaryName(this.target);
    await rename(this.target, aside);
    try {
      await rename(this.path, this.target);
    } catch (error) {
      await rename(aside, this.target);
      throw error;
    }
    await rm(aside, { recursive: true, force: true });
  }
}

/**
 * Before anything is written: whether what will be written has room, where that can be known.
 *
 * @param sources files that will be added @param besides bytes that will be written besides them
 * @throws EnvironmentFault where it has not
 */
export async function requireRoom(
  target: string,
  sources: readonly string[],
  besides: number,
): Promise<void> {
  const parent = await existing(dirname(target));
  const { dev } = await stat(parent, { bigint: true });
  const copied = new Map<string, number>();
  for (const source of sources) {
    const status = await stat(source, { bigint: true });
    if (status.dev !== dev) copied.set(`${status.dev} ${status.ino}`, Number(status.size));
  }
  const needed = [...copied.values()].reduce((sum, bytes) => sum + bytes, besides);
  const free = await statfs(parent).catch(() => null);
  if (free === null || free.bavail * free.bsize >= needed) return;
  throw new EnvironmentFault({
    where: target,
    what: 'there is too little room for the folder',
    found: `${megabytes(free.bavail * free.bsize)} MB`,
    expected: `${megabytes(needed)} MB`,
    remedy: 'Free some space there, or name a folder elsewhere.',
  });
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

async function existing(path: string): Promise<string> {
  const found = await stat(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    return null;
  });
  return found === null ? existing(dirname(path)) : path;
}
