import { z } from 'zod';
import type { ObjectStore } from './objects/object-store.js';
import { readSealed, sealed } from './sealed-json.js';
import { artifactRefSchema, sha256Schema, type ArtifactStore } from './store.js';

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

/** The outputs of finished steps by key: what makes reuse possible. */
export class KeyIndex {
  constructor(
    private readonly objects: ObjectStore,
    private readonly store: ArtifactStore,
  ) {}

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

  async record(record: KeyRecord): Promise<void> {
    await this.objects.put(nameOf(record.key), sealed(record));
  }

  async forget(key: string): Promise<void> {
    await this.objects.delete(nameOf(key));
  }

  private async read(key: string): Promise<KeyRecord | null> {
    const record = (await readSealed(this.objects, nameOf(key), recordSchema))?.value ?? null;
    return record?.key === key ? record : null;
  }
}

/** The name of a record's object. */
function nameOf(key: string): string {
  if (!/^[0-9a-f]{64}$/.test(key)) throw new RangeError('a step key is a SHA-256 in hex');
  return `keys/${key.slice(0, 2)}/${key}.json`;
}

/** Everything inside a JSON value that stands for an artifact, however deep. */
function referencesIn(value: unknown): unknown[] {
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
