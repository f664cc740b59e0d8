import type { Classifier } from '../models/family.js';
import type { Runtime, Tensor } from '../runtime/runtime.js';
import { packBatch } from './batch.js';
import type { CompiledGraph } from './graphs.js';
import { inferenceGraph } from './graphs.js';
import type { Around } from './sessions.js';
import { Sessions, TensorScope } from './sessions.js';

/** Texts of one batch; they come sorted by length, so little is padded. */
const BATCH = 32;

export interface ClassifierRunOptions {
  readonly runtime: Runtime;
  readonly classifier: Classifier;
  /** Rows the word embedding has among `weights`. */
  readonly vocabulary: number;
  readonly threads: number;
  /** By parameter name; read at every run, so weights under training are seen as they are. */
  readonly weights: (name: string) => Float32Array;
  /** Called around each compilation. */
  readonly compiling?: Around;
}

export interface LogitsOptions {
  /** Once aborted, the batch under way is the last, and the call rejects. */
  readonly stop?: AbortSignal;
  /** Told after each batch. */
  readonly onBatch?: () => void;
}

/** Runs a classifier forward. */
export class ClassifierRun {
  private readonly sessions: Sessions<CompiledGraph>;
  private readonly lasting: TensorScope;
  private weights: Record<string, Tensor> | null = null;

  constructor(private readonly options: ClassifierRunOptions) {
    const { runtime, threads, classifier, vocabulary, compiling } = options;
    this.sessions = new Sessions(
      runtime,
      threads,
      (groups) => inferenceGraph(classifier, { groups, vocabulary }),
      compiling,
    );
    this.lasting = new TensorScope(runtime);
  }

  /** @param texts token ids @returns logits `[texts, labels]` in the order given */
  async logits(texts: readonly Int32Array[], { stop, onBatch }: LogitsOptions = {}): Promise<Float32Array> {
    const { labels } = this.options.classifier;
    const logits = new Float32Array(texts.length * labels);
    const byLength = texts.map((_, i) => i).sort((a, b) => lengthOf(texts, a) - lengthOf(texts, b) || a - b);
    for (let first = 0; first < byLength.length; first += BATCH) {
      const members = byLength.slice(first, first + BATCH);
      const { order, values } = await this.batch(members.map((i) => texts[i] as Int32Array));
      order.forEach((place, row) => {
        logits.set(values.subarray(row * labels, (row + 1) * labels), (members[place] as number) * labels);
      });
      stop?.throwIfAborted();
      onBatch?.();
    }
    return logits;
  }

  private async batch(
    texts: readonly Int32Array[],
  ): Promise<{ order: readonly number[]; values: Float32Array }> {
    const { runtime, classifier } = this.options;
    const batch = packBatch(texts, classifier, 1);
    const compiled = await this.sessions.for(batch);
    this.weights ??= this.bindWeights(compiled.graph);
    const passing = new TensorScope(runtime);
    try {
      const feeds = { ...this.weights, ...passing.batchFeeds(batch, compiled) };
      const { logits } = await compiled.session.run(feeds, { logits: null });
      return {
        order: batch.order,
        values: Float32Array.from(passing.keep(logits as Tensor).data as Float32Array),
      };
    } finally {
      passing.release();
    }
  }

  private bindWeights({ parameters }: CompiledGraph): Record<string, Tensor> {
    return Object.fromEntries(
      parameters.map(({ name, shape }) => [name, this.lasting.float(shape, this.options.weights(name))]),
    );
  }

  release(): void {
    this.sessions.release();
    this.lasting.release();
  }
}

function lengthOf(texts: readonly Int32Array[], i: number): number {
  return (texts[i] as Int32Array).length;
}
