import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { storageFault } from '../faults.js';
import type { ObjectStore, ObjectVersion } from './object-store.js';

/** An object in memory. */
export interface ReadObject {
  readonly version: ObjectVersion;
  /** Null where it is larger than it may be. */
  readonly bytes: Uint8Array | null;
}

/** Reads an object that may be no larger than that. Null where there is none. */
export async function readObject(
  objects: ObjectStore,
  name: string,
  mostBytes: number,
): Promise<ReadObject | null> {
  const content = await objects.get(name);
  if (content === null) return null;
  const { version, stream } = content;
  if (content.bytes > mostBytes) {
    stream.destroy();
    return { version, bytes: null };
  }
  const parts: Buffer[] = [];
  try {
    for await (const part of stream) parts.push(part as Buffer);
  } catch (error) {
    throw storageFault(error, `${objects.place}/${name}`, 'reading an object');
  }
  return { version, bytes: Buffer.concat(parts) };
}

/** Writes an object into a file of this machine. @returns its hash; null where there is none */
export async function bringObject(objects: ObjectStore, name: string, path: string): Promise<string | null> {
  const content = await objects.get(name);
  if (content === null) return null;
  const hash = createHash('sha256');
  try {
    await pipeline(
      content.stream,
      async function* (parts: AsyncIterable<Buffer>) {
        for await (const part of parts) {
          hash.update(part);
          yield part;
        }
      },
      createWriteStream(path),
    );
  } catch (error) {
    throw storageFault(error, path, 'bringing an object here');
  }
  return hash.digest('hex');
}
