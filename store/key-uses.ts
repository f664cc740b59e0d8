import { z } from 'zod';
import type { ObjectStore } from './objects/object-store.js';
import { nameOfSegment, segmentOf, type ResultKind } from './result-name.js';
import { readSealed, sealed } from './sealed-json.js';

export const usesPrefix = 'uses/';

const bodySchema = z.object({ pipeline: z.string().nullable() });

/** Who refers to what is filed under a key. */
export interface KeyUser {
  readonly kind: ResultKind;
  readonly name: string;
  /** Of a run, the name of its pipeline. */
  readonly pipeline: string | null;
}

/** That one referred to a key, as its object's name says it. */
export interface KeyUse {
  readonly object: string;
  readonly key: string;
  readonly user: Pick<KeyUser, 'kind' | 'name'>;
  /** When it last did, by the clock of the store. */
  readonly modified: number;
  readonly bytes: number;
}

const pattern = /^uses\/[0-9a-f]{2}\/([0-9a-f]{64})\/(runs|scores)\/([\w.-]+)$/;

/** Which runs and scorings refer to which keys: `uses/ab/<key>/runs/<run>`, written whenever one does. */
export class KeyUses {
  constructor(private readonly objects: ObjectStore) {}

  /** @returns the mark's name */
  async note(key: string, user: KeyUser): Promise<string> {
    const name = `${prefixOf(key)}${user.kind}/${segmentOf(user.name)}`;
    await this.objects.put(name, sealed({ pipeline: user.pipeline } satisfies z.output<typeof bodySchema>));
    return name;
  }

  /** Of one key, or of all. */
  async *list(key?: string): AsyncIterable<KeyUse> {
    const prefix = key === undefined ? usesPrefix : prefixOf(key);
    for await (const { name, modified, bytes } of this.objects.list(prefix)) {
      const [, of, kind, segment] = pattern.exec(name) ?? [];
      if (of === undefined || segment === undefined || (kind !== 'runs' && kind !== 'scores')) continue;
      yield { object: name, key: of, user: { kind, name: nameOfSegment(segment) }, modified, bytes };
    }
  }

  /** The name of the pipeline that a use is of; null where it is of none, or is gone. */
  async pipelineOf({ object }: KeyUse): Promise<string | null> {
    return (await readSealed(this.objects, object, bodySchema))?.value?.pipeline ?? null;
  }
}

function prefixOf(key: string): string {
  return `${usesPrefix}${key.slice(0, 2)}/${key}/`;
}
