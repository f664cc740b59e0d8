import type { Dirent } from 'node:fs';
import {
  chmod,
  copyFile,
  open,
  readdir,
  rm,
  rmdir,
  stat,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { copyDurably, linkDurably, linkOrCopy, writeDurably } from '../durable-file.js';
import { errorCode, storageFault } from '../faults.js';
import { abandonedFiles, isTemporaryName } from '../temporary-file.js';
import { requireObjectName, requireObjectPrefix } from './object-name.js';
import type {
  ByteRange,
  Leftovers,
  ListedObject,
  ObjectCallOptions,
  ObjectContent,
  ObjectFacts,
  ObjectSource,
  ObjectStore,
  ObjectVersion,
} from './object-store.js';
import { VersionedFile } from './versioned-file.js';

export interface FolderObjectsOptions {
  /**
   * Whether what a disk gives back of a conditionally written object is what was written; where it is not,
   * the content before it is read. Default: it is.
   */
  readonly isSound?: (bytes: Uint8Array) => boolean;
}

/** Of a name that is written conditionally, its folder; no name has it. */
const versionedMark = '@';

/** What is written conditionally is a document; whoever wrote more of it reads it as it is. */
const mostCheckedBytes = 64 * 2 ** 20;

const removal = { recursive: true, force: true } as const;

/** An empty folder goes with its last object, maybe between its making and its use. */
const mostWrites = 10;

/**
 * Objects as files of a folder, by their names. One that is written conditionally is a folder of its own,
 * called `<name>@` (see `VersionedFile`). Files are read-only, since run directories have second names of
 * them: an edit there must not reach the store.
 */
export class FolderObjects implements ObjectStore {
  constructor(
    private readonly folder: string,
    private readonly options: FolderObjectsOptions = {},
  ) {}

  get place(): string {
    return this.folder;
  }

  /** Where the object of a name lies, once it is written by `put`. */
  pathOf(name: string): string {
    return join(this.folder, ...requireObjectName(name).split('/'));
  }

  stat(name: string, { signal }: ObjectCallOptions = {}): Promise<ObjectFacts | null> {
    return this.attempt(name, 'looking for an object', async () => {
      signal?.throwIfAborted();
      const plain = await found(() => stat(this.pathOf(name), { bigint: true }));
      if (plain?.isFile() === true)
        return { bytes: Number(plain.size), version: versionOf(plain), modified: Number(plain.mtimeMs) };
      const opened = await this.openVersioned(name);
      if (opened === null) return null;
      const { version, file } = opened;
      if (file === null) return { bytes: 0, version, modified: 0 };
      const { size, mtimeMs } = await file.stat().finally(() => file.close());
      return { bytes: size, version, modified: mtimeMs };
    });
  }

  get(
    name: string,
    { range, signal }: ObjectCallOptions & { readonly range?: ByteRange } = {},
  ): Promise<ObjectContent | null> {
    return this.attempt(name, 'reading an object', async () => {
      signal?.throwIfAborted();
      const file = await found(() => open(this.pathOf(name), 'r'));
      if (file === null) return this.getVersioned(name, range);
      const status = await file.stat({ bigint: true });
      if (!status.isFile()) {
        await file.close();
        return null;
      }
      const stream = await streamOf(file, range, signal);
      return { bytes: Number(status.size), version: versionOf(status), stream };
    });
  }

  put(name: string, source: ObjectSource, { signal }: ObjectCallOptions = {}): Promise<ObjectVersion> {
    return this.attempt(name, 'writing an object', async () => {
      signal?.throwIfAborted();
      const versioned = this.versioned(name);
      for (;;) {
        const version = await versioned.current();
        if (version === null) break;
        const next = await this.taking(source, (fill) => versioned.replace(version, fill));
        if (next !== null) return next;
      }
      const path = this.pathOf(name);
      if (source instanceof Uint8Array) await writeDurably(path, source);
      else await (source.move === true ? linkDurably(source.path, path) : copyDurably(source.path, path));
      await chmod(path, 0o444);
      if (isMoved(source)) await rm(source.path, { force: true });
      return versionOf(await stat(path, { bigint: true }));
    });
  }

  putIfAbsent(
    name: string,
    source: ObjectSource,
    { signal }: ObjectCallOptions = {},
  ): Promise<ObjectVersion | null> {
    return this.attempt(name, 'writing an object', async () => {
      signal?.throwIfAborted();
      if ((await this.stat(name)) !== null) return null;
      return this.taking(source, (fill) => this.versioned(name).create(fill));
    });
  }

  putIfMatch(
    name: string,
    version: ObjectVersion,
    source: ObjectSource,
    { signal }: ObjectCallOptions = {},
  ): Promise<ObjectVersion | null> {
    return this.attempt(name, 'writing an object', async () => {
      signal?.throwIfAborted();
      return this.taking(source, (fill) => this.versioned(name).replace(version, fill));
    });
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    const cut = requireObjectPrefix(prefix).lastIndexOf('/');
    yield* this.listBelow(prefix.slice(0, Math.max(cut, 0)), prefix);
  }

  async delete(name: string): Promise<void> {
    await this.attempt(name, 'removing an object', async () => {
      const path = this.pathOf(name);
      await rm(path, { force: true });
      await this.versioned(name).remove();
      await this.removeEmpty(dirname(path));
    });
  }

  now(): number {
    return Date.now();
  }

  /** Whose they are says when they may go, whatever their age. */
  async leftovers(_before: number, remove: boolean): Promise<Leftovers> {
    const found = { objects: 0, bytes: 0 };
    for await (const { path, bytes } of abandonedFiles(this.folder)) {
      found.objects++;
      found.bytes += bytes;
      if (remove) await this.attempt('', 'removing temporary files', () => rm(path, removal));
    }
    return found;
  }

  private async *listBelow(folder: string, prefix: string): AsyncIterable<ListedObject> {
    for (const entry of await this.entriesOf(folder)) {
      const isVersioned = entry.isDirectory() && entry.name.endsWith(versionedMark);
      const last = isVersioned ? entry.name.slice(0, -versionedMark.length) : entry.name;
      const name = folder === '' ? last : `${folder}/${last}`;
      if (isTemporaryName(entry.name) || last.startsWith('.')) continue;
      if (entry.isDirectory() && !isVersioned) {
        if (`${name}/`.startsWith(prefix) || prefix.startsWith(`${name}/`))
          yield* this.listBelow(name, prefix);
        continue;
      }
      if (!name.startsWith(prefix)) continue;
      const listed = await this.listed(name, isVersioned);
      if (listed !== null) yield listed;
    }
  }

  private entriesOf(folder: string): Promise<Dirent[]> {
    const path = join(this.folder, ...folder.split('/'));
    return this.attempt(folder, 'listing objects', async () => {
      return (await found(() => readdir(path, { withFileTypes: true }))) ?? [];
    });
  }

  /** Null for what went away meanwhile. */
  private listed(name: string, isVersioned: boolean): Promise<ListedObject | null> {
    return this.attempt(name, 'listing objects', async () => {
      const path = isVersioned
        ? (await this.versioned(name).contents())?.paths[0]
        : join(this.folder, ...name.split('/'));
      const status = path === undefined ? null : await found(() => stat(path));
      return status?.isFile() === true ? { name, bytes: status.size, modified: status.mtimeMs } : null;
    });
  }

  private async getVersioned(name: string, range: ByteRange | undefined): Promise<ObjectContent | null> {
    const opened = await this.openVersioned(name);
    if (opened === null) return null;
    const { version, file } = opened;
    // Nothing of it can be read: whoever replaces it is told which version that is.
    if (file === null) return { bytes: 0, version, stream: streamOfBytes(new Uint8Array()) };
    return { bytes: (await file.stat()).size, version, stream: await streamOf(file, range) };
  }

  /** The newest content that is there and sound: no file where none is; null where there is no object. */
  private async openVersioned(
    name: string,
  ): Promise<{ readonly version: ObjectVersion; readonly file: FileHandle | null } | null> {
    for (let before: string | null = null; ;) {
      const contents = await this.versioned(name).contents();
      if (contents === null) return null;
      const { version, paths } = contents;
      for (const path of paths) {
        const file = await found(() => open(path, 'r'));
        if (file === null) continue;
        if (await this.isSound(file)) return { version, file };
        await file.close();
      }
      // Contents go when they are replaced: only where they were not are they lost.
      if (version === before) return { version, file: null };
      before = version;
    }
  }

  private async isSound(file: FileHandle): Promise<boolean> {
    const { isSound } = this.options;
    const { size } = await file.stat();
    if (isSound === undefined || size > mostCheckedBytes) return true;
    const bytes = new Uint8Array(size);
    await file.read(bytes, 0, size, 0);
    return isSound(bytes);
  }

  private versioned(name: string): VersionedFile {
    return new VersionedFile(`${this.pathOf(name)}${versionedMark}`);
  }

  /** Has a source written by `write`, and takes it away where that may be and was done. */
  private async taking(
    source: ObjectSource,
    write: (fill: (path: string) => Promise<void>) => Promise<ObjectVersion | null>,
  ): Promise<ObjectVersion | null> {
    const version = await write(async (path) => {
      if (source instanceof Uint8Array) await writeFile(path, source, { flag: 'wx' });
      else await (source.move === true ? linkOrCopy(source.path, path) : copyFile(source.path, path));
    });
    if (version !== null && isMoved(source)) await rm(source.path, { force: true });
    return version;
  }

  /** Up to the store's own folder, and the first of those within it. */
  private async removeEmpty(folder: string): Promise<void> {
    if (!dirname(folder).startsWith(this.folder + sep)) return;
    try {
      await rmdir(folder);
    } catch (error) {
      const code = errorCode(error) ?? '';
      if (code === 'ENOENT') return this.removeEmpty(dirname(folder));
      if (['ENOTEMPTY', 'EEXIST', 'EPERM', 'EBUSY'].includes(code)) return;
      throw error;
    }
    await this.removeEmpty(dirname(folder));
  }

  private async attempt<T>(name: string, doing: string, work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (errorCode(error) === 'ENOENT' && tries < mostWrites) continue;
        throw storageFault(error, join(this.folder, name), doing);
      }
    }
  }
}

function isMoved(source: ObjectSource): source is { readonly path: string; readonly move: true } {
  return !(source instanceof Uint8Array) && source.move === true;
}

function streamOfBytes(bytes: Uint8Array): Readable {
  return Readable.from([bytes], { objectMode: false });
}

async function streamOf(
  file: FileHandle,
  range: ByteRange | undefined,
  signal?: AbortSignal,
): Promise<Readable> {
  if (range !== undefined && range.to <= range.from) {
    await file.close();
    return streamOfBytes(new Uint8Array());
  }
  return file.createReadStream({
    highWaterMark: 1 << 20,
    ...(range === undefined ? {} : { start: range.from, end: range.to - 1 }),
    ...(signal === undefined ? {} : { signal }),
  });
}

function versionOf({ size, mtimeNs, ino }: { size: bigint; mtimeNs: bigint; ino: bigint }): ObjectVersion {
  return `${size}-${mtimeNs}-${ino}`;
}

/** Null where there is nothing of that path. */
async function found<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return null;
    throw error;
  }
}
