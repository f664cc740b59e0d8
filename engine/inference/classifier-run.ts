import type { HostArray } from '../device/tensor-scope.js';
import type { BatchShapes } from './batch-shapes.js';
import { packBatch, type HostBatch } from './batch.js';
import { ofTexts, type Batching } from './batching.js';
import { ForwardRun, type ForwardOptions } from './forward-run.js';
import { inferenceGraph } from './graphs.js';

/** As the rows that a fold judges by are run: what is run together decides the last bits. */
const byDefault = ofTexts(32);

/** What is fed of a batch besides its tokens. */
export interface BesidesTokens {
  feeds(batch: HostBatch): Promise<Record<string, HostArray>>;
}

export interface ClassifierRunOptions extends ForwardOptions {
  /** What is fed besides of a model that is cut (nn/scope.ts). */
  readonly frozen?: BesidesTokens;
  /** Default: the model as it is, its weights fed. */
  readonly graphOf?: typeof inferenceGraph;
  /** Texts come sorted by length, so that little is padded. Default 32 texts. */
  readonly batching?: Batching;
  /** What batches are filled up to. Default: they are as they are. */
  readonly shapes?: BatchShapes;
}

export interface LogitsOptions {
  /** Once aborted, the batch under way is the last, and the call rejects. */
  readonly stop?: AbortSignal;
  /** Told after each batch how many texts have been scored. */
  readonly onBatch?: (texts: number) => void;
}

/** Runs a classifier forward. */
export class ClassifierRun {
  private readonly forward: ForwardRun;

  constructor(private readonly options: ClassifierRunOptions) {
    this.forward = new ForwardRun(options, options.graphOf ?? inferenceGraph, 'logits');
  }

  /** Does what else the first batch waits for. */
  prepare(): Promise<void> {
    return this.forward.prepare();
  }

  /** @param texts token ids @returns logits `[texts, labels]` in the order given */
  async logits(texts: readonly Int32Array[], { stop, onBatch }: LogitsOptions = {}): Promise<Float32Array> {
    const { labels } = this.options.classifier;
    const logits = new Float32Array(texts.length * labels);
    const byLength = texts.map((_, i) => i).sort((a, b) => lengthOf(texts, a) - lengthOf(texts, b) || a - b);
    const { batching = byDefault } = this.options;
    let first = 0;
    for (const end of batching(byLength.map((i) => lengthOf(texts, i)))) {
      const members = byLength.slice(first, end);
      first = end;
      const { order, values } = await this.batch(members.map((i) => texts[i] as Int32Array));
      order.forEach((place, row) => {
        logits.set(values.subarray(row * labels, (row + 1) * labels), (members[place] as number) * labels);
      });
      stop?.throwIfAborted();
      onBatch?.(end);
    }
    return logits;
  }

  private async batch(
    texts: readonly Int32Array[],
  ): Promise<{ order: readonly number[]; values: Float32Array }> {
    const { classifier, frozen, shapes = 1 } = this.options;
    const batch = packBatch(texts, classifier, shapes);
    const values = await this.forward.of(batch, await frozen?.feeds(batch));
    return { order: batch.order, values };
  }

  release(): void {
    this.forward.release();
  }
}

function lengthOf(texts: readonly Int32Array[], i: number): number {
  return (texts[i] as Int32Array).length;
}
