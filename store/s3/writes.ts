import type { CompletedPart } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ObjectSource, ObjectVersion } from '../objects/object-store.js';
import type { S3Connection } from './client.js';
import { failureOf, isConflict, isUnmet, isUploadGone } from './failures.js';
import { headOf } from './head.js';
import type { Slots } from './slots.js';
import {
  requireText,
  writerField,
  type Upload,
  type Uploads,
  type UploadSource,
  type UploadTarget,
} from './uploads.js';

/** What must hold for a write to be done; null where it is done whatever there is. */
export type Condition = { readonly IfNoneMatch: '*' } | { readonly IfMatch: string } | null;

/** How often a write is made again where another of the same name was under way. */
const mostConflicts = 12;

/** Uploads that failed and are gone on with: those of the names that were tried last. */
const mostUnfinished = 100;

/** Writes of objects, whole or in parts, each of which is done once however often it is asked for. */
export class Writes {
  private readonly unfinished = new Map<string, Upload>();

  constructor(
    private readonly connection: () => Promise<S3Connection>,
    private readonly uploads: Uploads,
    private readonly slots: Slots,
    private readonly partBytes: number,
  ) {}

  /** @returns null where the condition was not met */
  async write(
    target: UploadTarget,
    source: ObjectSource,
    condition: Condition,
    signal: AbortSignal | undefined,
  ): Promise<ObjectVersion | null> {
    const writer = randomUUID();
    for (let conflicts = 0; ; conflicts++) {
      try {
        if (source instanceof Uint8Array)
          return await this.putWhole(target, source, condition, writer, signal);
        return await this.putFile(target, source.path, condition, writer, signal);
      } catch (error) {
        if (isConflict(error) && conflicts < mostConflicts) {
          await delay(Math.random() * Math.min(2_000, 20 * 2 ** conflicts), undefined, signal && { signal });
          continue;
        }
        if (condition === null || !isUnmet(error)) throw error;
        // Asked for again after its answer was lost, our own write is what does not let it through.
        return failureOf(error).attempts > 1 ? this.writtenBy(target, writer, signal) : null;
      }
    }
  }

  private async putWhole(
    target: UploadTarget,
    body: Uint8Array,
    condition: Condition,
    writer: string,
    signal: AbortSignal | undefined,
  ): Promise<ObjectVersion> {
    const { sdk, client } = await this.connection();
    const command = new sdk.PutObjectCommand({
      ...target,
      ...condition,
      Body: body,
      Metadata: { [writerField]: writer },
    });
    const { ETag } = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
    return requireText(ETag);
  }

  private async putFile(
    target: UploadTarget,
    path: string,
    condition: Condition,
    writer: string,
    signal: AbortSignal | undefined,
  ): Promise<ObjectVersion | null> {
    const file = await open(path, 'r');
    try {
      const { size: bytes } = await file.stat();
      if (bytes > this.partBytes)
        return await this.putParts(target, { file, bytes }, condition, writer, signal);
      return await this.slots.use(signal, async () =>
        this.putWhole(target, await file.readFile(), condition, writer, signal),
      );
    } finally {
      await file.close();
    }
  }

  private async putParts(
    target: UploadTarget,
    source: UploadSource,
    condition: Condition,
    writer: string,
    signal: AbortSignal | undefined,
  ): Promise<ObjectVersion> {
    const earlier = this.unfinished.get(target.Key);
    this.unfinished.delete(target.Key);
    // Two who complete one upload could not tell whose write it was; where nobody asks, that is all the same.
    const found = earlier ?? (condition === null ? await this.uploads.find(target, signal) : null);
    if (found !== null) {
      try {
        return await this.sendAndComplete(target, source, found, condition, signal);
      } catch (error) {
        if (!isUploadGone(error)) throw error;
      }
    }
    const upload = await this.uploads.begin(target, writer, signal);
    return this.sendAndComplete(target, source, upload, condition, signal);
  }

  private async sendAndComplete(
    target: UploadTarget,
    source: UploadSource,
    upload: Upload,
    condition: Condition,
    signal: AbortSignal | undefined,
  ): Promise<ObjectVersion> {
    try {
      const parts = await this.uploads.send(target, upload, source, signal);
      return await this.complete(target, upload, parts, condition, signal);
    } catch (error) {
      if (isUnmet(error) || isConflict(error))
        await this.uploads.abort(target, upload).catch(() => undefined);
      else if (!isUploadGone(error)) this.remember(target.Key, upload);
      throw error;
    }
  }

  private async complete(
    target: UploadTarget,
    upload: Upload,
    parts: CompletedPart[],
    condition: Condition,
    signal: AbortSignal | undefined,
  ): Promise<ObjectVersion> {
    try {
      return await this.uploads.complete(target, upload, parts, condition ?? {}, signal);
    } catch (error) {
      const askedAgain = failureOf(error).attempts > 1 && (isUnmet(error) || isUploadGone(error));
      const ours =
        askedAgain && upload.writer !== null ? await this.writtenBy(target, upload.writer, signal) : null;
      if (ours === null) throw error;
      return ours;
    }
  }

  /** For whoever tries the same write again. */
  private remember(key: string, upload: Upload): void {
    this.unfinished.set(key, upload);
    const [oldest] = this.unfinished.keys();
    if (this.unfinished.size > mostUnfinished && oldest !== undefined) this.unfinished.delete(oldest);
  }

  /** The version of an object where it is that of a certain write. */
  private async writtenBy(
    target: UploadTarget,
    writer: string,
    signal: AbortSignal | undefined,
  ): Promise<ObjectVersion | null> {
    const found = await headOf(await this.connection(), target, signal);
    return found?.Metadata?.[writerField] === writer ? requireText(found.ETag) : null;
  }
}
