import { z } from 'zod';
import { sha256 } from './digest.js';
import type { ObjectStore, ObjectVersion } from './objects/object-store.js';
import { readObject } from './objects/read-object.js';

/** Ours are a few kilobytes, of many epochs a megabyte; a larger object is none of ours. */
const mostBytes = 64 * 2 ** 20;

const envelope = z.object({ sha256: z.string(), body: z.string() });

/** JSON together with its hash, so that one which was torn or damaged is noticed. */
export function sealed(value: unknown): Uint8Array {
  const body = JSON.stringify(value);
  return Buffer.from(JSON.stringify({ sha256: sha256(body), body }));
}

/** What a sealed object says; null where it is damaged or says something else. */
export function unsealed<T>(bytes: Uint8Array, schema: z.ZodType<T>): T | null {
  const body = bodyOf(bytes);
  const inner = body === null ? null : schema.safeParse(JSON.parse(body));
  return inner?.success === true ? inner.data : null;
}

/** Whether bytes are what `sealed` made. */
export function isSealed(bytes: Uint8Array): boolean {
  return bodyOf(bytes) !== null;
}

/** Null where there is no such object; its value is null where it is damaged or says something else. */
export async function readSealed<T>(
  objects: ObjectStore,
  name: string,
  schema: z.ZodType<T>,
): Promise<{ readonly version: ObjectVersion; readonly value: T | null } | null> {
  const found = await readObject(objects, name, mostBytes);
  if (found === null) return null;
  const { version, bytes } = found;
  return { version, value: bytes === null ? null : unsealed(bytes, schema) };
}

function bodyOf(bytes: Uint8Array): string | null {
  try {
    const outer = envelope.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    if (!outer.success || sha256(outer.data.body) !== outer.data.sha256) return null;
    JSON.parse(outer.data.body);
    return outer.data.body;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
