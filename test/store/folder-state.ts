import { join } from 'node:path';
import { Artifacts } from '../../store/artifacts.js';
import { CheckpointShelf, type ShelfOptions } from '../../store/checkpoints.js';
import { KeyIndex } from '../../store/keys.js';
import { FolderFiles } from '../../store/local-files.js';
import { FolderObjects } from '../../store/objects/folder-objects.js';
import { isSealed } from '../../store/sealed-json.js';

export interface FolderState {
  readonly objects: FolderObjects;
  readonly store: Artifacts;
  readonly keys: KeyIndex;
  readonly checkpoints: CheckpointShelf;
}

/** What a folder has of a workdir's state, as another process opens it. */
export function folderState(folder: string, options: Partial<ShelfOptions> = {}): FolderState {
  const objects = new FolderObjects(folder, { isSound: isSealed });
  const files = new FolderFiles(objects);
  const store = new Artifacts(objects, files);
  return {
    objects,
    store,
    keys: new KeyIndex(objects, store),
    checkpoints: new CheckpointShelf({ objects, files, scratch: join(folder, 'scratch') }, options),
  };
}
