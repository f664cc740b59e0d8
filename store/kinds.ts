import type { ListedObject, ObjectStore } from './objects/object-store.js';
import { storedTablesPrefix } from './stored-tables.js';

/** Where a store keeps what; beside it, a workdir's folder has files of its machine. */
export const storedKinds = {
  artifacts: 'store/sha256/',
  tables: storedTablesPrefix,
  damaged: 'store/damaged/',
  keys: 'keys/',
  checkpoints: 'checkpoints/',
  runs: 'runs/',
  scores: 'scores/',
  uses: 'uses/',
} as const;

export type StoredKind = keyof typeof storedKinds;
export const kindNames = Object.keys(storedKinds) as StoredKind[];

/** The objects of some kinds. */
export async function* objectsOf(
  objects: ObjectStore,
  kinds: readonly StoredKind[] = kindNames,
): AsyncIterable<ListedObject & { readonly kind: StoredKind }> {
  for (const kind of kinds) {
    for await (const object of objects.list(storedKinds[kind])) yield { ...object, kind };
  }
}
