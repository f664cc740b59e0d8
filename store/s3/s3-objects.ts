import type {
  ListMultipartUploadsCommandOutput,
  ListObjectsV2CommandOutput,
  S3ClientConfig,
} from '@aws-sdk/client-s3';
import { rm } from 'node:fs/promises';
import { storageFault } from '../faults.js';
import { requireObjectName, requireObjectPrefix } from '../objects/object-name.js';
import type {
  ByteRange,
  Leftovers,
  ListedObject,
  ObjectCallOptions,
  ObjectContent,
  ObjectFacts,
  ObjectSource,
  ObjectStore,
  ObjectVersion,
} from '../objects/object-store.js';
import { placeOf, type S3Address } from './address.js';
import { connectS3, quick, type S3Connection } from './client.js';
import { isAbsent, s3Fault } from './failures.js';
import { Reads } from './reads.js';
import { Slots } from './slots.js';
import { requireText, Uploads, usualPartBytes, type UploadTarget } from './uploads.js';
import { Writes, type Condition } from './writes.js';

export interface S3Options {
  /** In place of what the environment says. */
  readonly client?: S3ClientConfig;
  /** A larger file goes in parts of so many bytes, or more where it has very many. Default 16 MiB. */
  readonly partBytes?: number;
}

/** Parts or small files that are held in memory at once. */
const heldAtOnce = 4;

/**
 * An object store on S3. An object's version is its ETag: two writes of the same bytes may have the same,
 * so what is swapped must have something in it that differs each time.
 */
export class S3Objects implements ObjectStore {
  readonly place: string;
  private readonly reads: Reads;
  private readonly uploads: Uploads;
  private readonly writes: Writes;
  private connection: Promise<S3Connection> | undefined;
  private known: S3Connection | undefined;

  constructor(
    private readonly address: S3Address,
    private readonly options: S3Options = {},
  ) {
    this.place = placeOf(address);
    const connection = (): Promise<S3Connection> => this.connected();
    const slots = new Slots(heldAtOnce);
    const partBytes = options.partBytes ?? usualPartBytes;
    this.reads = new Reads(connection);
    this.uploads = new Uploads(connection, slots, partBytes);
    this.writes = new Writes(connection, this.uploads, slots, partBytes);
  }

  async stat(name: string, { signal }: ObjectCallOptions = {}): Promise<ObjectFacts | null> {
    const target = this.target(name);
    try {
      return await this.reads.stat(target, signal);
    } catch (error) {
      throw this.fault(error, name, 'looking for an object', signal);
    }
  }

  async get(
    name: string,
    options: ObjectCallOptions & { readonly range?: ByteRange } = {},
  ): Promise<ObjectContent | null> {
    const { signal, range } = options;
    const target = this.target(name);
    try {
      const fault = (error: unknown): unknown => this.fault(error, name, 'reading an object', signal);
      return await this.reads.get(target, { range, signal, fault });
    } catch (error) {
      if (isAbsent(error)) return null;
      throw this.fault(error, name, 'reading an object', signal);
    }
  }

  async put(name: string, source: ObjectSource, options: ObjectCallOptions = {}): Promise<ObjectVersion> {
    return requireText((await this.write(name, source, null, options)) ?? undefined);
  }

  putIfAbsent(
    name: string,
    source: ObjectSource,
    options: ObjectCallOptions = {},
  ): Promise<ObjectVersion | null> {
    return this.write(name, source, { IfNoneMatch: '*' }, options);
  }

  putIfMatch(
    name: string,
    version: ObjectVersion,
    source: ObjectSource,
    options: ObjectCallOptions = {},
  ): Promise<ObjectVersion | null> {
    return this.write(name, source, { IfMatch: version }, options);
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    const Prefix = this.address.prefix + requireObjectPrefix(prefix);
    let token: string | undefined;
    do {
      let page: ListObjectsV2CommandOutput;
      try {
        const { sdk, client } = await this.connected();
        const command = new sdk.ListObjectsV2Command({
          Bucket: this.address.bucket,
          Prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        });
        page = await client.send(command, quick());
      } catch (error) {
        throw this.fault(error, prefix, 'listing objects');
      }
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        const name = Key?.slice(this.address.prefix.length);
        // What is called otherwise is nobody's of ours: servers may list folders, too.
        if (name === undefined || !isObjectName(name)) continue;
        yield { name, bytes: Size ?? 0, modified: LastModified?.getTime() ?? 0 };
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async delete(name: string): Promise<void> {
    const target = this.target(name);
    try {
      const { sdk, client } = await this.connected();
      await client.send(new sdk.DeleteObjectCommand(target), quick());
    } catch (error) {
      if (!isAbsent(error)) throw this.fault(error, name, 'deleting an object');
    }
  }

  /** Of the server, where the SDK has learnt from an answer how far off this machine's is. */
  now(): number {
    return Date.now() + (this.known?.client.config.systemClockOffset ?? 0);
  }

  /** Uploads in parts that were not ended. */
  async leftovers(before: number, remove: boolean): Promise<Leftovers> {
    const { bucket: Bucket, prefix: Prefix } = this.address;
    const found = { objects: 0, bytes: 0 };
    try {
      const { sdk, client } = await this.connected();
      let marker: { KeyMarker?: string; UploadIdMarker?: string } | null = {};
      while (marker !== null) {
        const page: ListMultipartUploadsCommandOutput = await client.send(
          new sdk.ListMultipartUploadsCommand({ Bucket, Prefix, ...marker }),
          quick(),
        );
        for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
          if (Key === undefined || UploadId === undefined) continue;
          if (!isObjectName(Key.slice(Prefix.length)) || (Initiated?.getTime() ?? 0) >= before) continue;
          const target = { Bucket, Key };
          found.objects++;
          found.bytes += await this.uploads.bytes(target, { id: UploadId });
          if (remove) await this.uploads.abort(target, { id: UploadId });
        }
        const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
        marker =
          page.IsTruncated === true && KeyMarker !== undefined && UploadIdMarker !== undefined
            ? { KeyMarker, UploadIdMarker }
            : null;
      }
    } catch (error) {
      throw this.fault(error, '', 'removing what unfinished uploads left');
    }
    return found;
  }

  private async write(
    name: string,
    source: ObjectSource,
    condition: Condition,
    { signal }: ObjectCallOptions,
  ): Promise<ObjectVersion | null> {
    const target = this.target(name);
    try {
      const version = await this.writes.write(target, source, condition, signal);
      if (version !== null && 'path' in source && source.move === true)
        await rm(source.path, { force: true });
      return version;
    } catch (error) {
      // The file that was to be stored could not be read.
      if (error instanceof Error && 'path' in error && 'path' in source) {
        throw storageFault(error, source.path, 'reading what is to be stored');
      }
      throw this.fault(error, name, 'writing an object', signal);
    }
  }

  private target(name: string): UploadTarget {
    return { Bucket: this.address.bucket, Key: this.address.prefix + requireObjectName(name) };
  }

  private connected(): Promise<S3Connection> {
    this.connection ??= connectS3(this.place, this.options.client).then(
      (connection) => (this.known = connection),
      (error: unknown) => {
        this.connection = undefined;
        throw error;
      },
    );
    return this.connection;
  }

  private fault(error: unknown, name: string, doing: string, signal?: AbortSignal): unknown {
    if (signal?.aborted === true) return signal.reason;
    return s3Fault(error, name === '' ? this.place : `${this.place}/${name}`, doing);
  }
}

function isObjectName(name: string): boolean {
  try {
    requireObjectName(name);
    return true;
  } catch {
    return false;
  }
}
