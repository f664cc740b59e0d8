import { createHash } from 'node:crypto';
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../store/durable-file.js';
import { storageFault } from '../../store/faults.js';
import { isAbandoned, temporaryName } from '../../store/temporary-file.js';

/**
 * A file on its way: its bytes from the first on, as far as they have come. It is one process's own by its
 * name. Left unfinished it lies under a name that any process may take it up from; it is named after the
 * hash of the whole file, so that parts of different files never meet.
 */
export class PartialFile {
  #bytes: number;

  private constructor(
    private readonly target: string,
    private readonly path: string,
    private readonly handle: FileHandle,
    bytes: number,
  ) {
    this.#bytes = bytes;
  }

  /** The part of a file that another attempt has left, or an empty one. */
  static async of(target: string): Promise<PartialFile> {
    const path = temporaryName(restOf(target));
    await makeFolder(dirname(target));
    const left = await rename(restOf(target), path).then(
      () => true,
      () => false,
    );
    const handle = await open(path, left ? 'r+' : 'wx+');
    const { size } = await handle.stat();
    return new PartialFile(target, path, handle, size);
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(piece: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < piece.length;) {
        const { bytesWritten } = await this.handle.write(
          piece,
          done,
          piece.length - done,
          this.#bytes + done,
        );
        done += bytesWritten;
      }
    } catch (error) {
      throw storageFault(error, this.target, 'writing what is downloaded');
    }
    this.#bytes += piece.length;
  }

  async empty(): Promise<void> {
    await this.handle.truncate(0);
    this.#bytes = 0;
  }

  /** Of all its bytes as they lie on the disk, after a prefix. */
  async hash(algorithm: 'sha1' | 'sha256', prefix = ''): Promise<string> {
    const hash = createHash(algorithm).update(prefix);
    const buffer = Buffer.alloc(1 << 20);
    for (let position = 0; position < this.#bytes;) {
      const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
    return hash.digest('hex');
  }

  /** It is whole: it gets its name. */
  async finish(): Promise<void> {
    await this.handle.sync();
    await this.handle.close();
    await rename(this.path, this.target);
  }

  /** Whoever wants it next goes on from here. */
  async leave(): Promise<void> {
    await this.handle.close();
    if (this.#bytes === 0) await rm(this.path, { force: true });
    else await rename(this.path, restOf(this.target));
  }

  async discard(): Promise<void> {
    await this.handle.close();
    await rm(this.path, { force: true });
  }
}

const ending = '.foldwise.incomplete';

function restOf(target: string): string {
  return `${target}${ending}`;
}

/** Under which earlier versions wrote what they did not resume; one that old has no writer any more. */
const formerName = /\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.incomplete$/;
const longestMs = 3_600_000;

/**
 * Clears away what killed processes have left in a folder. Parts of the files that are wanted are kept,
 * to be gone on from; those of others will never become whole.
 *
 * @param wanted names of files
 */
export async function recoverParts(folder: string, wanted: ReadonlySet<string>): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const path = join(folder, name);
    const [target = '', writer] = name.split(ending);
    if (writer === undefined) {
      if (formerName.test(name) && (await isOlder(path, longestMs))) await rm(path, { force: true });
      continue;
    }
    if (writer !== '' && !(await isAbandoned(path))) continue;
    if (!wanted.has(target)) await rm(path, { force: true });
    else if (writer !== '') await keepLonger(path, join(folder, `${target}${ending}`));
  }
}

async function keepLonger(part: string, other: string): Promise<void> {
  if ((await sizeOf(part)) > (await sizeOf(other))) await rename(part, other).catch(() => undefined);
  else await rm(part, { force: true });
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function isOlder(path: string, ms: number): Promise<boolean> {
  return stat(path).then(
    ({ ctimeMs }) => ctimeMs < Date.now() - ms,
    () => false,
  );
}
