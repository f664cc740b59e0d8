import type { CompletedPart, MultipartUpload, Part, UploadPartCommandOutput } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { isUploadGone } from './failures.js';
import type { Slots } from './slots.js';
import { quick, type S3Connection } from './client.js';

/** What S3 takes at least of a part that is not the last, with room above it. */
export const leastPartBytes = 5 * 2 ** 20;

/** Parts held in memory are few and not large; a file that is no larger goes in one piece. */
export const usualPartBytes = 16 * 2 ** 20;

/** S3 takes 10,000. */
const mostParts = 9_000;

/** An upload in parts that has begun and has not ended. */
export interface Upload {
  readonly id: string;
  /** What its object will say of whose write it is; null where it was begun by another process. */
  readonly writer: string | null;
}

export interface UploadTarget {
  readonly Bucket: string;
  readonly Key: string;
}

/** A file on its way into an object. */
export interface UploadSource {
  readonly file: FileHandle;
  readonly bytes: number;
}

export function partBytesFor(bytes: number, usual: number): number {
  return Math.max(usual, Math.ceil(bytes / mostParts));
}

/** Uploads of files in parts, to be gone on with where they were cut off. */
export class Uploads {
  constructor(
    private readonly connection: () => Promise<S3Connection>,
    private readonly slots: Slots,
    private readonly partBytes: number,
  ) {}

  async begin(target: UploadTarget, writer: string, signal?: AbortSignal): Promise<Upload> {
    const { sdk, client } = await this.connection();
    // Said of the parts, sums must be announced; some stores know none, and the environment says so.
    const summed = (await client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED';
    const command = new sdk.CreateMultipartUploadCommand({
      ...target,
      ...(summed ? { ChecksumAlgorithm: 'CRC32' } : {}),
      Metadata: { [writerField]: writer },
    });
    const { UploadId } = await client.send(command, quick(signal));
    return { id: requireText(UploadId), writer };
  }

  /** The latest that somebody began for a name and did not end. */
  async find({ Bucket, Key }: UploadTarget, signal?: AbortSignal): Promise<Upload | null> {
    const { sdk, client } = await this.connection();
    const { Uploads: found = [] } = await client.send(
      new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: Key }),
      quick(signal),
    );
    const began = ({ Initiated }: MultipartUpload): number => Initiated?.getTime() ?? 0;
    const [latest] = found.filter((upload) => upload.Key === Key).sort((a, b) => began(b) - began(a));
    return latest?.UploadId === undefined ? null : { id: latest.UploadId, writer: null };
  }

  /**
   * Sends the parts that are not there yet: of one that is there the bytes are compared by their MD5, which
   * is a part's ETag but where the bucket encrypts with keys of its own; then it is sent again.
   *
   * @throws what `isUploadGone` knows where the upload is over
   */
  async send(
    target: UploadTarget,
    upload: Upload,
    { file, bytes }: UploadSource,
    signal?: AbortSignal,
  ): Promise<CompletedPart[]> {
    const { sdk, client } = await this.connection();
    const size = partBytesFor(bytes, this.partBytes);
    const present = await this.presentParts(target, upload, signal);
    const parts = new Array<CompletedPart>(Math.max(1, Math.ceil(bytes / size)));
    const stop = new AbortController();
    const ended = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
    let next = 0;
    const sendSome = async (): Promise<void> => {
      while (next < parts.length && !ended.aborted) {
        const index = next++;
        const number = index + 1;
        parts[index] = await this.slots.use(ended, async () => {
          const body = await readPart(file, index * size, Math.min(size, bytes - index * size));
          const there = present.get(number);
          if (there?.ETag !== undefined && there.ETag.replaceAll('"', '') === md5(body)) return there;
          const command = new sdk.UploadPartCommand({
            ...target,
            UploadId: upload.id,
            PartNumber: number,
            Body: body,
          });
          return { PartNumber: number, ...sums(await client.send(command, { abortSignal: ended })) };
        });
      }
    };
    const senders = Array.from({ length: this.slots.count }, async () => {
      try {
        await sendSome();
      } catch (error) {
        // The first one says why; what the others say is that they were stopped.
        if (!stop.signal.aborted) stop.abort(error);
      }
    });
    await Promise.all(senders);
    signal?.throwIfAborted();
    if (stop.signal.aborted) throw stop.signal.reason;
    return parts;
  }

  /** Makes the parts an object, whole. @returns its ETag */
  async complete(
    target: UploadTarget,
    upload: Upload,
    parts: CompletedPart[],
    condition: { IfNoneMatch?: string; IfMatch?: string },
    signal?: AbortSignal,
  ): Promise<string> {
    const { sdk, client } = await this.connection();
    const command = new sdk.CompleteMultipartUploadCommand({
      ...target,
      ...condition,
      UploadId: upload.id,
      MultipartUpload: { Parts: parts },
    });
    // Joining the parts may take a server long.
    const { ETag } = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
    return requireText(ETag);
  }

  /** Gives an upload up and frees its parts; one that is over already does no harm. */
  async abort(target: UploadTarget, { id }: Pick<Upload, 'id'>): Promise<void> {
    const { sdk, client } = await this.connection();
    try {
      await client.send(new sdk.AbortMultipartUploadCommand({ ...target, UploadId: id }), quick());
    } catch (error) {
      if (!isUploadGone(error)) throw error;
    }
  }

  /** What its parts take. */
  async bytes(target: UploadTarget, upload: Pick<Upload, 'id'>): Promise<number> {
    let bytes = 0;
    try {
      for await (const { Size = 0 } of this.partsOf(target, upload)) bytes += Size;
    } catch (error) {
      if (!isUploadGone(error)) throw error;
    }
    return bytes;
  }

  private async presentParts(
    target: UploadTarget,
    upload: Upload,
    signal?: AbortSignal,
  ): Promise<Map<number, CompletedPart>> {
    const present = new Map<number, CompletedPart>();
    for await (const part of this.partsOf(target, upload, signal)) {
      if (part.PartNumber !== undefined)
        present.set(part.PartNumber, { PartNumber: part.PartNumber, ...sums(part) });
    }
    return present;
  }

  private async *partsOf(
    target: UploadTarget,
    upload: Pick<Upload, 'id'>,
    signal?: AbortSignal,
  ): AsyncIterable<Part> {
    const { sdk, client } = await this.connection();
    let marker: string | undefined;
    do {
      const page = await client.send(
        new sdk.ListPartsCommand({ ...target, UploadId: upload.id, PartNumberMarker: marker }),
        quick(signal),
      );
      yield* page.Parts ?? [];
      marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
  }
}

/** What an object says of the write that made it. */
export const writerField = 'foldwise-write';

/** A server may want each sum that it gave of a part said again. */
function sums(part: Part | CompletedPart | UploadPartCommandOutput): CompletedPart {
  const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 } = part;
  const all = { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 };
  return Object.fromEntries(Object.entries(all).filter(([, sum]) => sum !== undefined));
}

async function readPart(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const part = Buffer.allocUnsafe(bytes);
  for (let read = 0; read < bytes;) {
    const { bytesRead } = await file.read(part, read, bytes - read, position + read);
    if (bytesRead === 0) throw new RangeError('a file became shorter while it was being stored');
    read += bytesRead;
  }
  return part;
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

export function requireText(value: string | undefined): string {
  if (value === undefined || value === '') throw new TypeError('the answer of the server lacks a field');
  return value;
}
