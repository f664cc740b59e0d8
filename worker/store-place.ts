import { join } from 'node:path';
import { InputFault } from '../errors/fault.js';
import { FileCache } from '../store/file-cache.js';
import { FolderFiles, type LocalFiles } from '../store/local-files.js';
import { FolderObjects } from '../store/objects/folder-objects.js';
import type { ObjectStore } from '../store/objects/object-store.js';
import { s3Address } from '../store/s3/address.js';
import { S3Objects } from '../store/s3/s3-objects.js';
import { isSealed } from '../store/sealed-json.js';

/** The objects of a store, and the files of this machine with their bytes. */
export interface StorePlace {
  readonly objects: ObjectStore;
  readonly files: LocalFiles;
}

/** `s3://bucket/prefix` as this process was told; null where the store is the workdir's folder. */
export function configuredStore(): string | null {
  return process.env['FOLDWISE_STORE'] || null;
}

/** What stands between a store and those who call it. */
export type Around = (objects: ObjectStore) => ObjectStore;

interface StorePlaceOptions {
  /** Default: as this process was told. */
  readonly store?: string | null;
  /** Default: nothing. */
  readonly around?: Around | undefined;
}

/**
 * The store that a workdir works with: the one in S3 that this process was told of, else its own folder.
 *
 * @throws InputFault where what it was told is no place in S3
 */
export function openStorePlace(
  workdir: string,
  { store = configuredStore(), around = (objects) => objects }: StorePlaceOptions = {},
): StorePlace {
  const state = join(workdir, '.foldwise');
  if (store === null) {
    const objects = new FolderObjects(state, { isSound: isSealed });
    return { objects: around(objects), files: new FolderFiles(objects) };
  }
  const objects = around(new S3Objects(s3Address(store)));
  return { objects, files: new FileCache(objects, cacheFolder(workdir), cacheOptions()) };
}

/** Where this machine keeps files of places elsewhere. */
export function cacheFolder(workdir: string): string {
  return join(workdir, '.foldwise', 'cache');
}

/** Where files are written on their way into the store. */
export function scratchFolder(workdir: string): string {
  return join(workdir, '.foldwise', 'scratch');
}

/** @throws InputFault where what this process was told is no bound */
export function cacheOptions(): { readonly mostBytes?: number } {
  const set = process.env['FOLDWISE_CACHE_GIB'];
  if (set === undefined || set === '') return {};
  const gibibytes = /^\d{1,6}(\.\d{1,3})?$/.test(set) ? Number(set) : Number.NaN;
  if (gibibytes > 0) return { mostBytes: gibibytes * 2 ** 30 };
  throw new InputFault({
    where: 'FOLDWISE_CACHE_GIB',
    what: 'the bound of the cache is no number of GiB',
    expected: 'a number above 0, as in 50 or 0.5',
  });
}
