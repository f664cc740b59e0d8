import type { Device } from '../device/device.js';
import { Sessions, type Around } from '../device/sessions.js';
import { TensorScope, type HostArray } from '../device/tensor-scope.js';
import type { Classifier } from '../models/family.js';
import type { ComputePrecision } from '../precision/precision.js';
import type { Tensor, Value } from '../runtime/runtime.js';
import type { HostBatch } from './batch.js';
import type { ConstantWeights } from './constant-weights.js';
import type { CompiledGraph, GraphOptions } from './graphs.js';

export interface ForwardOptions {
  readonly device: Device;
  readonly classifier: Classifier;
  /** Rows the word embedding has among `weights`. */
  readonly vocabulary: number;
  /**
   * By parameter name, asked for at every run, so weights under training are seen as they are; or those that no longer
   * change, which the graph has as constants.
   */
  readonly weights: ((name: string) => Value | Promise<Value>) | ConstantWeights;
  /** What products are computed in. Default float32. */
  readonly precision?: ComputePrecision;
  /** Called around each compilation. */
  readonly compiling?: Around;
}

/** Runs a graph that gives one output of a packed batch. */
export class ForwardRun {
  private readonly sessions: Sessions;
  private readonly graphs = new Map<number, CompiledGraph>();

  constructor(
    private readonly options: ForwardOptions,
    private readonly graphOf: (classifier: Classifier, options: GraphOptions) => CompiledGraph,
    private readonly output: string,
  ) {
    const { device, weights, compiling } = options;
    const { folder } = typeof weights === 'function' ? {} : weights;
    this.sessions = new Sessions(device, folder === undefined ? {} : { externalFolder: folder }, compiling);
  }

  /** Creates the session of batches of one group, which else the first batch waits for. */
  async prepare(): Promise<void> {
    await this.sessions.of(this.graph(1));
  }

  /** @param besides what is fed besides the batch @returns a copy of the output */
  async of(batch: HostBatch, besides: Readonly<Record<string, HostArray>> = {}): Promise<Float32Array> {
    const { output } = this;
    const { device, weights } = this.options;
    const graph = this.graph(batch.groups.length);
    const session = await this.sessions.of(graph);
    const passing = new TensorScope(device);
    try {
      const feeds: Record<string, Value> = passing.feeds(
        session,
        { ...batch.feeds, ...besides },
        batch.sizes,
      );
      if (typeof weights === 'function') {
        for (const { name } of graph.parameters) feeds[name] = await weights(name);
      }
      const results = await session.run(feeds, { [output]: null });
      return Float32Array.from(passing.keep(results[output] as Tensor).data as Float32Array);
    } finally {
      passing.release();
    }
  }

  private graph(groups: number): CompiledGraph {
    let graph = this.graphs.get(groups);
    if (graph === undefined) {
      const { classifier, vocabulary, weights, precision = 'float32' } = this.options;
      const { data } = typeof weights === 'function' ? {} : weights;
      graph = this.graphOf(classifier, { groups, vocabulary, precision, ...(data && { constants: data }) });
      this.graphs.set(groups, graph);
    }
    return graph;
  }

  release(): void {
    this.sessions.release();
  }
}
