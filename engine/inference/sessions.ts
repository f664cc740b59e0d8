import type { ElementArray, Runtime, Session, SessionOptions, Tensor } from '../runtime/runtime.js';
import type { HostBatch } from './batch.js';
import type { CompiledGraph } from './graphs.js';

export interface CompiledSession<G extends CompiledGraph> {
  readonly graph: G;
  readonly session: Session;
}

/** Runs a piece of work, and may tell of it. */
export type Around = <T>(work: () => Promise<T>) => Promise<T>;

/** Sessions of one graph for each number of attention groups, created when first needed. */
export class Sessions<G extends CompiledGraph> {
  private readonly known = new Map<number, CompiledSession<G>>();

  constructor(
    private readonly runtime: Runtime,
    private readonly options: SessionOptions,
    private readonly compile: (groups: number) => G,
    /** Called around the creation of a session, which takes long. */
    private readonly around: Around = (work) => work(),
  ) {}

  for(batch: HostBatch): Promise<CompiledSession<G>> {
    return this.of(batch.groups.length);
  }

  async of(groups: number): Promise<CompiledSession<G>> {
    let entry = this.known.get(groups);
    if (entry === undefined) {
      const graph = this.compile(groups);
      const session = await this.around(() => this.runtime.createSession(graph.bytes, this.options));
      this.known.set(groups, (entry = { graph, session }));
    }
    return entry;
  }

  release(): void {
    for (const { session } of this.known.values()) session.release();
    this.known.clear();
  }
}

/** The tensors of one run, released together. */
export class TensorScope {
  private readonly held: Tensor[] = [];

  constructor(private readonly runtime: Runtime) {}

  float(shape: readonly number[], data: Float32Array): Tensor {
    return this.keep(this.runtime.tensor('float32', shape, data));
  }

  int64(data: BigInt64Array): Tensor {
    return this.keep(this.runtime.tensor('int64', [data.length], data));
  }

  keep(tensor: Tensor): Tensor {
    this.held.push(tensor);
    return tensor;
  }

  /** What the graph takes of a packed batch: its arrays and its named sizes. */
  batchFeeds(batch: HostBatch, { graph, session }: CompiledSession<CompiledGraph>): Record<string, Tensor> {
    const wanted = new Set(session.inputs);
    const feeds: Record<string, Tensor> = {};
    for (const [name, { type, shape, data }] of Object.entries(batch.feeds)) {
      if (wanted.has(name)) feeds[name] = this.keep(this.runtime.tensor(type, shape, data));
    }
    for (const dim of graph.dims) {
      const size: ElementArray = BigInt64Array.of(BigInt(sizeOf(batch, dim)));
      feeds[`dim:${dim}`] = this.keep(this.runtime.tensor('int64', [1], size));
    }
    return feeds;
  }

  release(): void {
    for (const tensor of this.held.splice(0)) tensor.release();
  }
}

/** A named size of the batch, or a number as it is. */
export function sizeOf(batch: HostBatch, dim: number | string): number {
  const size = typeof dim === 'number' ? dim : batch.sizes[dim];
  if (size === undefined) throw new RangeError(`the batch has no size '${dim}'`);
  return size;
}
