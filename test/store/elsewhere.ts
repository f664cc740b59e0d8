import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../store/durable-file.js';
import { VerifiedFiles, type LocalFile, type LocalFiles } from '../../store/local-files.js';
import type { Leftovers } from '../../store/objects/object-store.js';
import { bringObject } from '../../store/objects/read-object.js';
import { stateOver, type State } from '../../worker/state.js';
import type { MemoryObjects } from './memory-objects.js';

/** Files that are brought from a store elsewhere into a folder, and stay there. */
class BroughtFiles implements LocalFiles {
  private readonly files = new VerifiedFiles();

  constructor(
    private readonly objects: MemoryObjects,
    private readonly folder: string,
  ) {}

  own(): null {
    return null;
  }

  async verified(name: string, sha256: string): Promise<LocalFile | null> {
    const path = join(this.folder, sha256);
    const here = await this.files.look(path, sha256);
    if (here !== null) return here;
    await makeFolder(this.folder);
    return (await bringObject(this.objects, name, path)) === null ? null : this.files.look(path, sha256);
  }

  take(_name: string, _sha256: string, path: string): Promise<void> {
    return rm(path, { force: true });
  }

  trim(): Promise<Leftovers> {
    return Promise.resolve({ objects: 0, bytes: 0 });
  }
}

/** The state of a host's workdir whose store is elsewhere. */
export function stateElsewhere(workdir: string, objects: MemoryObjects): State {
  return stateOver(workdir, objects, new BroughtFiles(objects, join(workdir, 'cache')));
}
