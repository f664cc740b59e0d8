import { randomBytes } from 'node:crypto';
import { chmod, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { InputFault } from '../../errors/fault.js';
import { flushFile, flushFolder, makeFolder } from '../durable-file.js';
import { errorCode } from '../faults.js';
import { temporaryName } from '../temporary-file.js';

/** Which contents are valid: the current one's and, where there was one, that before it. */
interface Designation {
  readonly current: string;
  readonly former: string | null;
}

const id = '\\d{1,15}-[0-9a-f]{12}';
const designationName = new RegExp(`^current=(${id})(?:,(${id}))?$`);
const contentName = new RegExp(`^${id}$`);

/** While a rename is under way, a folder may show both of its names or neither. */
const looks = 50;

/**
 * A file that is replaced only by those who have seen what they replace: a folder with the contents, each
 * under a name that never comes again, and an empty file whose name says which content is current.
 *
 * Renaming that file is the compare-and-swap: of many who rename it from the same name one succeeds.
 * No clock and no lock is needed, and nobody who is killed leaves it in between.
 */
export class VersionedFile {
  constructor(readonly folder: string) {}

  /** What is current; null where there is nothing. */
  async current(): Promise<string | null> {
    return (await this.designation())?.current ?? null;
  }

  /** The files of the current content and, where there is one, of that before it. */
  async contents(): Promise<{ readonly version: string; readonly paths: readonly string[] } | null> {
    const found = await this.designation();
    if (found === null) return null;
    const { current, former } = found;
    const names = former === null ? [current] : [current, former];
    return { version: current, paths: names.map((name) => join(this.folder, name)) };
  }

  /** @returns its version; null where there is one already */
  async create(fill: (path: string) => Promise<void>): Promise<string | null> {
    const draft = temporaryName(this.folder);
    try {
      const version = nextId(null);
      await makeFolder(draft);
      await write(join(draft, version), fill);
      await writeFile(join(draft, nameOf({ current: version, former: null })), '');
      await flushFolder(draft);
      await rename(draft, this.folder);
      await flushFolder(dirname(this.folder));
      return version;
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      const isTaken = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EPERM'].includes(errorCode(error) ?? '');
      if (isTaken && (await this.current()) !== null) return null;
      throw error;
    }
  }

  /** @returns the new version; null where another one is current */
  async replace(version: string, fill: (path: string) => Promise<void>): Promise<string | null> {
    const before = await this.designation();
    if (before?.current !== version) return null;
    const after = { current: nextId(version), former: version };
    const content = join(this.folder, after.current);
    try {
      await write(content, fill);
      await rename(join(this.folder, nameOf(before)), join(this.folder, nameOf(after)));
    } catch (error) {
      // Asked for twice by a file system over a network, the rename may have succeeded.
      const now = await this.designation();
      if (now?.current !== after.current && now?.former !== after.current) {
        await rm(content, { force: true });
        if (errorCode(error) === 'ENOENT' && now?.current !== version) return null;
        throw error;
      }
    }
    await flushFolder(this.folder);
    await this.removeBefore(version);
    return after.current;
  }

  /** At once for all who look. */
  async remove(): Promise<void> {
    const aside = temporaryName(this.folder);
    try {
      await rename(this.folder, aside);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return;
      throw error;
    }
    await rm(aside, { recursive: true, force: true });
  }

  private async designation(): Promise<Designation | null> {
    for (let look = 0; look < looks; look++) {
      const names = await namesIn(this.folder);
      if (names === null) return null;
      const [found, ...others] = names.flatMap((name) => designationIn(name) ?? []);
      if (found !== undefined && others.length === 0) return found;
      // An empty folder is as good as none.
      if (names.length === 0) return null;
      await turn();
    }
    throw new InputFault({
      where: this.folder,
      what: 'nothing in this folder says which of its files is current',
      remedy: 'Remove the folder: what it stood for is made again.',
    });
  }

  /** What others prepared beside those of a version or earlier can become current no more. */
  private async removeBefore(version: string): Promise<void> {
    for (const name of (await namesIn(this.folder)) ?? []) {
      if (contentName.test(name) && numberOf(name) < numberOf(version))
        await rm(join(this.folder, name), { force: true });
    }
  }
}

async function write(path: string, fill: (path: string) => Promise<void>): Promise<void> {
  await fill(path);
  await flushFile(path);
  await chmod(path, 0o444);
}

async function namesIn(folder: string): Promise<string[] | null> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function designationIn(name: string): Designation | null {
  const [, current, former] = designationName.exec(name) ?? [];
  return current === undefined ? null : { current, former: former ?? null };
}

function nameOf({ current, former }: Designation): string {
  return former === null ? `current=${current}` : `current=${current},${former}`;
}

function nextId(version: string | null): string {
  return `${version === null ? 1 : numberOf(version) + 1}-${randomBytes(6).toString('hex')}`;
}

function numberOf(version: string): number {
  return Number(version.slice(0, version.indexOf('-')));
}
