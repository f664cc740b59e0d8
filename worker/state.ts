import { join } from 'node:path';
import type { Services } from '../activities/services.js';
import { Artifacts } from '../store/artifacts.js';
import { CheckpointShelf } from '../store/checkpoints.js';
import { KeyIndex } from '../store/keys.js';
import type { LocalFiles } from '../store/local-files.js';
import type { ObjectStore } from '../store/objects/object-store.js';
import { PatientStore } from '../store/patient-store.js';
import { ResultIndex } from '../store/result-index.js';
import { configuredStore, openStorePlace, scratchFolder, type Around } from './store-place.js';

/** What was done, as every command and worker finds it: artifacts, keys, checkpoints and results. */
export type State = Pick<
  Services,
  'store' | 'keys' | 'checkpoints' | 'results' | 'runsDirectory' | 'scoresDirectory' | 'scratch'
>;

/**
 * The state that a workdir works with: in S3 where this process was told so, else in the workdir.
 *
 * @param around what stands between all that is done and the store
 */
export function openState(workdir: string, around?: Around): State {
  const store = configuredStore();
  const { objects, files } = openStorePlace(workdir, { store, around });
  const state = stateOver(workdir, objects, files);
  // Whoever shares the workdir sees the folders of its runs.
  return store === null ? { ...state, results: null } : state;
}

/** The state that stands on a store elsewhere, with the folders of one machine's workdir. */
export function stateOver(workdir: string, objects: ObjectStore, files: LocalFiles): State {
  const scratch = scratchFolder(workdir);
  const store = new PatientStore(new Artifacts(objects, files));
  return {
    store,
    keys: new KeyIndex(objects, store),
    checkpoints: new CheckpointShelf({ objects, files, scratch }),
    results: { runs: new ResultIndex(objects, 'runs'), scores: new ResultIndex(objects, 'scores') },
    runsDirectory: join(workdir, 'runs'),
    scoresDirectory: join(workdir, 'scores'),
    scratch,
  };
}
