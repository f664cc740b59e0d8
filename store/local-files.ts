import type { Stats } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { fileSha256 } from './digest.js';
import { errorCode } from './faults.js';
import type { FolderObjects } from './objects/folder-objects.js';
import type { Leftovers } from './objects/object-store.js';

/** A file of this machine, to be read only. */
export interface LocalFile {
  readonly path: string;
  readonly bytes: number;
  /** Whether its bytes have the hash that they must have. */
  readonly intact: boolean;
}

/** Files of this machine with the bytes of objects: what is to be read as a file is read there. */
export interface LocalFiles {
  /** The object's own file, where the store keeps it on this machine; null where it has to be brought. */
  own(name: string): string | null;
  /**
   * The bytes of an object that must have a hash, brought here where they are not. One that was intact is
   * not looked through again while its file is unchanged. Null where there is no such object.
   */
  verified(name: string, sha256: string): Promise<LocalFile | null>;
  /** The object's own file was made a second name of one with that hash: where it is, it counts as verified. */
  linked(name: string, sha256: string, path: string): Promise<void>;
  /** Takes a file away whose bytes the object was just given: they need not be brought then. */
  take(name: string, sha256: string, path: string): Promise<void>;
  /** What of this machine's is beyond its bound. @param remove or only counts it */
  trim(remove: boolean): Promise<Leftovers>;
}

/** Files that this process has found intact, by the state they had then. */
export class VerifiedFiles {
  private readonly states = new Map<string, string>();

  /** Null where there is no such file. */
  async look(path: string, sha256: string): Promise<LocalFile | null> {
    try {
      const found = await stat(path);
      const { size } = found;
      const state = stateOf(sha256, found);
      if (this.states.get(path) !== state) {
        this.states.delete(path);
        if ((await fileSha256(path)) !== sha256) return { path, bytes: size, intact: false };
        this.states.set(path, state);
      }
      return { path, bytes: size, intact: true };
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    }
  }

  /** A path that names the same file as another, whose bytes have that hash, need not be looked through. */
  async same(path: string, other: string, sha256: string): Promise<void> {
    const [here, there] = await Promise.all([stat(path), stat(other)]);
    const isSame = here.ino === there.ino && here.dev === there.dev;
    if (isSame) this.states.set(path, stateOf(sha256, here));
  }
}

function stateOf(sha256: string, { size, mtimeMs, ino }: Pick<Stats, 'size' | 'mtimeMs' | 'ino'>): string {
  return `${sha256} ${size} ${mtimeMs} ${ino}`;
}

/** Of a store that is a folder: its own files. */
export class FolderFiles implements LocalFiles {
  private readonly files = new VerifiedFiles();

  constructor(private readonly objects: FolderObjects) {}

  own(name: string): string {
    return this.objects.pathOf(name);
  }

  verified(name: string, sha256: string): Promise<LocalFile | null> {
    return this.files.look(this.own(name), sha256);
  }

  linked(name: string, sha256: string, path: string): Promise<void> {
    return this.files.same(this.own(name), path, sha256);
  }

  async take(_name: string, _sha256: string, path: string): Promise<void> {
    await rm(path, { force: true });
  }

  /** There is none besides the store's own. */
  trim(): Promise<Leftovers> {
    return Promise.resolve({ objects: 0, bytes: 0 });
  }
}
