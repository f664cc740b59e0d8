import { open, rm, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnvironmentFault } from '../../errors/fault.js';
import type { HostArray } from '../device/tensor-scope.js';
import type { Classifier } from '../models/family.js';
import { cutInput } from '../nn/scope.js';
import { packBatch, type HostBatch } from '../inference/batch.js';
import type { BatchShapes } from '../inference/batch-shapes.js';
import { ForwardRun, type ForwardOptions } from '../inference/forward-run.js';
import { graphBelowCut } from './graphs.js';
import { gigabytes } from '../device/gigabytes.js';
import { sequencesOf } from '../inference/reading.js';

/**
 * The classifier cut above its frozen layers: nothing is dropped below, and what they give of a text is fed.
 *
 * @param freezeLayers the lowest layers that are frozen, with what lies below them
 */
export function cutAbove(classifier: Classifier, freezeLayers: number): Classifier {
  return {
    ...classifier,
    build(model, batch, vocabulary) {
      model.cut = { layers: freezeLayers, below: null };
      return classifier.build(model, batch, vocabulary);
    },
  };
}

export interface FrozenOptions extends ForwardOptions {
  readonly path: string;
  /** What a text that passes is filled up to. Default: it passes as it is. */
  readonly shapes?: BatchShapes;
}

/**
 * What frozen layers give of each text: computed when it is first asked for, in a file from then on. Each text passes
 * by itself, so that its bits depend on no other: they are the same in any order, and after any stop.
 */
export class FrozenActivations {
  private readonly forward: ForwardRun;
  /** The row of the file at which the tokens of a sequence begin. */
  private readonly rowOf = new Map<string, number>();
  private rows = 0;

  private constructor(
    private readonly options: FrozenOptions,
    private readonly file: FileHandle,
  ) {
    this.forward = new ForwardRun(options, graphBelowCut, 'below');
  }

  /**
   * @param options.classifier one that is cut
   * @param options.texts that will be asked for
   * @throws EnvironmentFault where the disk has no room for them
   */
  static async open({
    texts,
    ...options
  }: FrozenOptions & { readonly texts: readonly Int32Array[] }): Promise<FrozenActivations> {
    const { path, classifier } = options;
    await checkRoom(path, bytesOfActivations(texts, classifier));
    return new FrozenActivations(options, await open(path, 'w+'));
  }

  /** What the batch has to be fed besides, by the name of the input. */
  async feeds(batch: HostBatch): Promise<Record<string, HostArray>> {
    const { hiddenSize } = this.options.classifier;
    const { tokens = 0 } = batch.sizes;
    const data = new Float32Array(tokens * hiddenSize);
    let row = 0;
    for (const sequence of batch.sequences) {
      await this.read(sequence, data.subarray(row * hiddenSize, (row + sequence.length) * hiddenSize));
      row += sequence.length;
    }
    // Rows that fill the batch up are no text's: any token will do that is one.
    for (; row < tokens; row++) data.copyWithin(row * hiddenSize, 0, hiddenSize);
    return { [cutInput]: { type: 'float32', shape: [tokens, hiddenSize], data } };
  }

  private async read(sequence: Int32Array, into: Float32Array): Promise<void> {
    const key = keyOf(sequence);
    const row = this.rowOf.get(key);
    if (row !== undefined) {
      await whole(into, (bytes, done) => this.file.read(bytes, done, undefined, this.place(row) + done));
      return;
    }
    const { classifier, shapes = 1 } = this.options;
    const rows = await this.forward.of(packBatch([sequence], classifier, shapes));
    into.set(rows.subarray(0, into.length));
    const next = this.rows;
    await whole(into, (bytes, done) => this.file.write(bytes, done, undefined, this.place(next) + done));
    this.rows += sequence.length;
    this.rowOf.set(key, next);
  }

  private place(row: number): number {
    return row * bytesOfRow(this.options.classifier);
  }

  async close(): Promise<void> {
    this.forward.release();
    await this.file.close();
    await rm(this.options.path, { force: true });
  }
}

/** On the disk; equal sequences count once. */
export function bytesOfActivations(texts: readonly Int32Array[], classifier: Classifier): number {
  const lengths = new Map<string, number>();
  for (const text of texts)
    for (const sequence of sequencesOf(text, classifier)) lengths.set(keyOf(sequence), sequence.length);
  const tokens = [...lengths.values()].reduce((sum, length) => sum + length, 0);
  return tokens * bytesOfRow(classifier);
}

function bytesOfRow({ hiddenSize }: Classifier): number {
  return hiddenSize * Float32Array.BYTES_PER_ELEMENT;
}

async function checkRoom(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  const free = bavail * bsize;
  if (bytes <= free) return;
  throw new EnvironmentFault({
    where: dirname(path),
    what: 'the disk has no room for the activations below the frozen layers (training.cacheFrozen)',
    found: `${gigabytes(free)} free`,
    expected: gigabytes(bytes),
    remedy: 'Free some, set --workdir, lower model.maxLength, or leave training.cacheFrozen out.',
  });
}

/** The token ids themselves, a byte a character. */
function keyOf({ buffer, byteOffset, byteLength }: Int32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

/** Reads or writes all of it, in as many pieces as it takes. */
async function whole(
  values: Float32Array,
  move: (
    bytes: Uint8Array,
    done: number,
  ) => Promise<{ readonly bytesRead: number } | { readonly bytesWritten: number }>,
): Promise<void> {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let done = 0; done < bytes.length;) {
    const moved = await move(bytes, done);
    const count = 'bytesRead' in moved ? moved.bytesRead : moved.bytesWritten;
    if (count === 0) throw new RangeError('the file of activations is shorter than it was written');
    done += count;
  }
}
