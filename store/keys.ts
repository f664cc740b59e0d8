import { z } from 'zod';
import { KeyUses, type KeyUser } from './key-uses.js';
import type { ObjectStore } from './objects/object-store.js';
import { readSealed, sealed } from './sealed-json.js';
import { artifactRefSchema, sha256Schema, type ArtifactStore } from './store.js';
import { Sweeps } from './sweeps.js';

const recordSchema = z.object({
  key: sha256Schema,
  activity: z.string(),
  /** The run that made it. */
  run: z.string(),
  /** The execution of a workflow that made it; absent in records of earlier versions. */
  execution: z.string().exactOptional(),
  /** The activity's output, as it travelled. */
  output: z.unknown(),
});

/** What a step gave, filed under its key. */
export type KeyRecord = Readonly<z.output<typeof recordSchema>>;

/**
 * The outputs of finished steps by key: what makes reuse possible. Who refers to a key is noted before it is
 * read or filed, so that nobody removes it then (see `Sweeps`).
 */
export class KeyIndex {
  private readonly uses: KeyUses;

  constructor(
    private readonly objects: ObjectStore,
    private readonly store: ArtifactStore,
    private readonly sweeps = new Sweeps(objects),
  ) {
    this.uses = new KeyUses(objects);
  }

  /** As `find`, for one that will refer to what it is given. */
  async reuse(key: string, user: KeyUser): Promise<KeyRecord | null> {
    if ((await this.read(key)) === null) return null;
    await this.use(key, user);
    return this.find(key);
  }

  /**
   * The record of a key; null where there is none, where it is damaged, or where an artifact that it
   * refers to is missing or damaged: the step then runs again.
   */
  async find(key: string): Promise<KeyRecord | null> {
    const record = await this.read(key);
    if (record === null) return null;
    for (const found of referencesIn(record.output)) {
      const ref = artifactRefSchema.safeParse(found);
      if (!ref.success || !(await this.store.has(ref.data))) return null;
    }
    return record;
  }

  async record(
    record: KeyRecord,
    user: KeyUser = { kind: 'runs', name: record.run, pipeline: null },
  ): Promise<void> {
    await this.use(record.key, user);
    await this.objects.put(recordName(record.key), sealed(record));
  }

  async forget(key: string): Promise<void> {
    await this.objects.delete(recordName(key));
  }

  private async use(key: string, user: KeyUser): Promise<void> {
    const name = recordName(key);
    for (;;) {
      const note = await this.uses.note(key, user);
      if (!(await this.sweeps.passed(name, note)) && (await this.objects.stat(note)) !== null) return;
    }
  }

  private async read(key: string): Promise<KeyRecord | null> {
    return readRecord(this.objects, recordName(key));
  }
}

/** The record that an object holds; null where there is none, or a damaged one. */
export async function readRecord(objects: ObjectStore, name: string): Promise<KeyRecord | null> {
  const record = (await readSealed(objects, name, recordSchema))?.value ?? null;
  return record !== null && recordName(record.key) === name ? record : null;
}

/** The name of a record's object. */
export function recordName(key: string): string {
  if (!/^[0-9a-f]{64}$/.test(key)) throw new RangeError('a step key is a SHA-256 in hex');
  return `keys/${key.slice(0, 2)}/${key}.json`;
}

/** Everything inside a JSON value that stands for an artifact, however deep. */
export function referencesIn(value: unknown): unknown[] {
  const found: unknown[] = [];
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    if ('uri' in next && 'sha256' in next && 'bytes' in next) found.push(next);
    else for (const inner of Object.values(next) as unknown[]) open.push(inner);
  }
  return found;
}
