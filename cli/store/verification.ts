import { createHash } from 'node:crypto';
import { concurrently } from '../../activities/concurrently.js';
import type { ListedObject, ObjectStore } from '../../store/objects/object-store.js';
import { objectsOf } from '../../store/kinds.js';

/** Artifacts that are read at once. */
const readAtOnce = 4;

export interface Verification {
  readonly artifacts: number;
  readonly bytes: number;
  readonly damaged: readonly { readonly name: string; readonly sha256: string }[];
}

/** Reads every artifact and table of a store, and compares its bytes with the hash that it is named by. */
export async function verifyArtifacts(objects: ObjectStore): Promise<Verification> {
  const artifacts: ListedObject[] = [];
  for await (const object of objectsOf(objects, ['artifacts', 'tables'])) artifacts.push(object);
  const read = await concurrently(artifacts, readAtOnce, ({ name }) => hashOf(objects, name));
  // One that was removed meanwhile is neither.
  const present = read.flatMap((found) => found ?? []);
  return {
    artifacts: present.length,
    bytes: present.reduce((sum, { bytes }) => sum + bytes, 0),
    damaged: present
      .filter(({ name, sha256 }) => !name.split('/').includes(sha256))
      .map(({ name, sha256 }) => ({ name, sha256 }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

async function hashOf(
  objects: ObjectStore,
  name: string,
): Promise<{ readonly name: string; readonly bytes: number; readonly sha256: string } | null> {
  const content = await objects.get(name);
  if (content === null) return null;
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const part of content.stream as AsyncIterable<Buffer>) {
    hash.update(part);
    bytes += part.length;
  }
  return { name, bytes, sha256: hash.digest('hex') };
}
