import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { EnvironmentFault } from '../../errors/fault.js';
import type { ByteRange, ObjectContent, ObjectFacts, ObjectVersion } from '../objects/object-store.js';
import { quick, type S3Connection } from './client.js';
import { isRangeBeyond } from './failures.js';
import { headOf } from './head.js';
import { resumingBytes } from './resuming-bytes.js';
import { requireText, type UploadTarget } from './uploads.js';

export interface ReadOptions {
  readonly range?: ByteRange | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What a failure is to whoever reads the bytes. */
  readonly fault: (error: unknown) => unknown;
}

/** What is read of a server: one version of an object, however often an answer breaks off. */
export class Reads {
  constructor(private readonly connection: () => Promise<S3Connection>) {}

  /** Null where there is none. */
  async stat(target: UploadTarget, signal?: AbortSignal): Promise<ObjectFacts | null> {
    const found = await headOf(await this.connection(), target, signal);
    if (found === null) return null;
    const { ContentLength: bytes = 0, ETag, LastModified } = found;
    return { bytes, version: requireText(ETag), modified: LastModified?.getTime() ?? 0 };
  }

  /**
   * Null where there is none, and none of its bytes was asked for.
   *
   * @throws the SDK's error where the object cannot be read
   */
  async get(target: UploadTarget, { range, signal, fault }: ReadOptions): Promise<ObjectContent | null> {
    // There is no way to ask for no byte at all.
    if (range !== undefined && range.to <= range.from) return this.withoutBytes(target, signal);
    let first: GetObjectCommandOutput;
    try {
      first = await this.ask(target, range ?? null, null, signal);
    } catch (error) {
      if (range !== undefined && isRangeBeyond(error)) return this.withoutBytes(target, signal);
      throw error;
    }
    const version = requireText(first.ETag);
    const { bytes, from, to } = extentOf(first, range !== undefined);
    const stream = resumingBytes({
      first: bodyOf(first),
      from,
      to,
      again: async (position) => bodyOf(await this.ask(target, { from: position, to }, version, signal)),
      signal,
      fault,
    });
    return { bytes, version, stream };
  }

  private async withoutBytes(
    target: UploadTarget,
    signal: AbortSignal | undefined,
  ): Promise<ObjectContent | null> {
    const found = await this.stat(target, signal);
    if (found === null) return null;
    const { bytes, version } = found;
    return { bytes, version, stream: Readable.from([]) };
  }

  private async ask(
    target: UploadTarget,
    range: ByteRange | null,
    version: ObjectVersion | null,
    signal: AbortSignal | undefined,
  ): Promise<GetObjectCommandOutput> {
    const { sdk, client } = await this.connection();
    const command = new sdk.GetObjectCommand({
      ...target,
      ...(range === null ? {} : { Range: `bytes=${range.from}-${range.to - 1}` }),
      ...(version === null ? {} : { IfMatch: version }),
    });
    return client.send(command, quick(signal));
  }
}

interface Extent {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

/** Which bytes an answer holds, and of how many. */
function extentOf({ ContentRange, ContentLength }: GetObjectCommandOutput, ranged: boolean): Extent {
  if (!ranged) return { bytes: ContentLength ?? 0, from: 0, to: ContentLength ?? 0 };
  const [, from, last, bytes] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(ContentRange ?? '') ?? [];
  if (bytes !== undefined) return { bytes: Number(bytes), from: Number(from), to: Number(last) + 1 };
  throw new EnvironmentFault({
    where: 'the server of the store',
    what: 'it gave the whole of an object to a request for a part of it',
    remedy: 'It cannot be used as a store.',
  });
}

function bodyOf({ Body }: GetObjectCommandOutput): Readable {
  if (Body instanceof Readable) return Body;
  throw new TypeError('the body of an answer is no stream of Node.js');
}
