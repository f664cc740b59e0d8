import type { Classifier } from '../models/family.js';
import type { Runtime, Tensor } from '../runtime/runtime.js';
import type { HostBatch } from './batch.js';
import type { ConstantWeights } from './constant-weights.js';
import type { CompiledGraph, GraphOptions } from './graphs.js';
import type { Around } from './sessions.js';
import { Sessions, TensorScope } from './sessions.js';

export interface ForwardOptions {
  readonly runtime: Runtime;
  readonly classifier: Classifier;
  /** Rows the word embedding has among `weights`. */
  readonly vocabulary: number;
  readonly threads: number;
  /**
   * By parameter name, read at every run, so weights under training are seen as they are; or those that no longer
   * change, which the graph has as constants.
   */
  readonly weights: ((name: string) => Float32Array) | ConstantWeights;
  /** Called around each compilation. */
  readonly compiling?: Around;
}

/** Runs a graph that gives one output of a packed batch. */
export class ForwardRun {
  private readonly sessions: Sessions<CompiledGraph>;
  private readonly lasting: TensorScope;
  private weights: Record<string, Tensor> | null = null;

  constructor(
    private readonly options: ForwardOptions,
    graphOf: (classifier: Classifier, options: GraphOptions) => CompiledGraph,
    private readonly output: string,
  ) {
    const { runtime, threads, classifier, vocabulary, weights, compiling } = options;
    const { folder, data } = typeof weights === 'function' ? {} : weights;
    this.sessions = new Sessions(
      runtime,
      { threads, ...(folder === undefined ? {} : { externalFolder: folder }) },
      (groups) => graphOf(classifier, { groups, vocabulary, ...(data && { constants: data }) }),
      compiling,
    );
    this.lasting = new TensorScope(runtime);
  }

  /** Creates the session of batches of one group, which else the first batch waits for. */
  async prepare(): Promise<void> {
    await this.sessions.of(1);
  }

  /** @param besides what is fed besides the batch, by shape and values @returns a copy of the output */
  async of(
    batch: HostBatch,
    besides: (scope: TensorScope) => Promise<Record<string, Tensor>> = () => Promise.resolve({}),
  ): Promise<Float32Array> {
    const { output } = this;
    const compiled = await this.sessions.for(batch);
    this.weights ??= this.bindWeights(compiled.graph);
    const passing = new TensorScope(this.options.runtime);
    try {
      const feeds = {
        ...this.weights,
        ...passing.batchFeeds(batch, compiled),
        ...(await besides(passing)),
      };
      const results = await compiled.session.run(feeds, { [output]: null });
      return Float32Array.from(passing.keep(results[output] as Tensor).data as Float32Array);
    } finally {
      passing.release();
    }
  }

  private bindWeights({ parameters }: CompiledGraph): Record<string, Tensor> {
    const { weights } = this.options;
    if (typeof weights !== 'function') return {};
    return Object.fromEntries(
      parameters.map(({ name, shape }) => [name, this.lasting.float(shape, weights(name))]),
    );
  }

  release(): void {
    this.sessions.release();
    this.lasting.release();
  }
}
