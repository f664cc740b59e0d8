import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { ByteRange, ObjectContent, ObjectFacts } from '../objects/object-store.js';
import { uriOf, type S3Object } from './address.js';
import { connectS3, type S3Connection } from './client.js';
import { absentObject, failureOf, foreignFault } from './failures.js';
import { Reads } from './reads.js';
import type { UploadTarget } from './uploads.js';

/**
 * Objects of any bucket that these keys may read, whoever writes them. They are read and never written; an
 * object's version is its ETag.
 */
export class ForeignObjects {
  private readonly reads: Reads;
  private connection: Promise<S3Connection> | undefined;

  /** @param client in place of what the environment says */
  constructor(private readonly client: S3ClientConfig = {}) {
    this.reads = new Reads(() => this.connected());
  }

  /** Null where the server refuses to say: it gives no reason then, which `get` has. */
  async stat(object: S3Object): Promise<ObjectFacts | null> {
    try {
      return await this.reads.stat(targetOf(object));
    } catch (error) {
      const { status } = failureOf(error);
      if (status !== null && status >= 400 && status < 500) return null;
      throw foreignFault(error, uriOf(object));
    }
  }

  /** @throws InputFault where it is not there, or may not be read */
  async get(object: S3Object, range?: ByteRange): Promise<ObjectContent> {
    const fault = (error: unknown): unknown => foreignFault(error, uriOf(object));
    try {
      const content = await this.reads.get(targetOf(object), { range, fault });
      if (content !== null) return content;
    } catch (error) {
      throw fault(error);
    }
    throw absentObject(uriOf(object));
  }

  private connected(): Promise<S3Connection> {
    this.connection ??= connectS3('a table in S3', this.client).catch((error: unknown) => {
      this.connection = undefined;
      throw error;
    });
    return this.connection;
  }
}

function targetOf({ bucket: Bucket, key: Key }: S3Object): UploadTarget {
  return { Bucket, Key };
}
