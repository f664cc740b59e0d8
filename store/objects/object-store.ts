import type { Readable } from 'node:stream';

/** What an object was when it was read or written. Means nothing but to the store that gave it. */
export type ObjectVersion = string;

/** What becomes an object: bytes, or a file of this machine, which `move` allows to be taken away. */
export type ObjectSource = Uint8Array | { readonly path: string; readonly move?: boolean };

/** An object that is being read. */
export interface ObjectContent {
  /** Its whole length, whatever range is read. */
  readonly bytes: number;
  readonly version: ObjectVersion;
  /** To be read to its end or destroyed. */
  readonly stream: Readable;
}

/** What is known of an object without reading it. */
export interface ObjectFacts {
  readonly bytes: number;
  readonly version: ObjectVersion;
  /** Milliseconds since the epoch, by the clock of the store. */
  readonly modified: number;
}

/** What writes left that were cut off. */
export interface Leftovers {
  readonly objects: number;
  readonly bytes: number;
}

export interface ListedObject {
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since the epoch, by the clock of the store. */
  readonly modified: number;
}

/** From the first byte up to, but not including, the last; both within the object. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

export interface ObjectCallOptions {
  readonly signal?: AbortSignal;
}

/**
 * Bytes by name, in one place that all workers reach.
 *
 * A name is segments of letters, digits, `.`, `_` and `-`, joined by `/`; none begins with a dot
 * (`requireObjectName`). No name is the folder of another. A write is whole or not at all, and whoever reads afterwards, on any machine,
 * reads it. Of conditional writes of one name at most one succeeds for each version; what is replaced
 * conditionally was first written by `putIfAbsent`. Methods throw an EnvironmentFault where the storage
 * fails, after having tried again where that may help.
 */
export interface ObjectStore {
  /** For people: a folder, or `s3://bucket/prefix`. */
  readonly place: string;
  /** Null where there is none. */
  stat(name: string, options?: ObjectCallOptions): Promise<ObjectFacts | null>;
  /** Null where there is none. */
  get(
    name: string,
    options?: ObjectCallOptions & { readonly range?: ByteRange },
  ): Promise<ObjectContent | null>;
  put(name: string, source: ObjectSource, options?: ObjectCallOptions): Promise<ObjectVersion>;
  /** Null where there is one of that name: nothing was written. */
  putIfAbsent(name: string, source: ObjectSource, options?: ObjectCallOptions): Promise<ObjectVersion | null>;
  /** Null where there is another version of it, or none: nothing was written. */
  putIfMatch(
    name: string,
    version: ObjectVersion,
    source: ObjectSource,
    options?: ObjectCallOptions,
  ): Promise<ObjectVersion | null>;
  /** All whose names begin so, in no order; what is written or deleted meanwhile may be among them or not. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** Again does no harm. */
  delete(name: string): Promise<void>;
  /** Milliseconds since the epoch, by the clock of the store as far as it is known here. */
  now(): number;
  /** What is left of writes that began before then and were cut off. @param remove or only counts them */
  leftovers(before: number, remove: boolean): Promise<Leftovers>;
}
