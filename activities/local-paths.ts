import type { ArtifactRef, ArtifactStore } from '../store/store.js';
import { concurrently } from './concurrently.js';

/** Files that are looked up at once: each is verified by its hash. */
const lookups = 4;

/** Verified local paths of artifacts, in order. @throws ArtifactMissing, ArtifactDamaged */
export function localPaths(store: ArtifactStore, refs: readonly ArtifactRef[]): Promise<string[]> {
  return concurrently(refs, lookups, (ref) => store.localPath(ref));
}
