import type { ElementArray, ElementType, Session, Tensor } from '../runtime/runtime.js';
import { sizeInput } from '../graph/graph.js';
import type { Device } from './device.js';
import { dimsOf } from './program.js';

/** An array that the host feeds. */
export interface HostArray {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: ElementArray;
}

/** Named sizes of a batch. */
export type Sizes = Readonly<Record<string, number>>;

/** Tensors that are released together, such as those of one run. */
export class TensorScope {
  private readonly held: Tensor[] = [];

  constructor(private readonly device: Pick<Device, 'tensor'>) {}

  /** Gives back what `work` makes in a scope when it has ended. */
  static async during<T>(
    device: Pick<Device, 'tensor'>,
    work: (scope: TensorScope) => Promise<T>,
  ): Promise<T> {
    const scope = new TensorScope(device);
    try {
      return await work(scope);
    } finally {
      scope.release();
    }
  }

  /** Numbers as float32 `[]`. */
  numbers(values: Readonly<Record<string, number>>): Record<string, Tensor> {
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, this.float([], Float32Array.of(value))]),
    );
  }

  float(shape: readonly number[], data: Float32Array): Tensor {
    return this.array({ type: 'float32', shape, data });
  }

  array({ type, shape, data }: HostArray): Tensor {
    return this.keep(this.device.tensor(type, shape, data));
  }

  keep(tensor: Tensor): Tensor {
    this.held.push(tensor);
    return tensor;
  }

  /** What a session takes of the host's arrays, and the named sizes that it takes. */
  feeds(session: Session, arrays: Readonly<Record<string, HostArray>>, sizes: Sizes): Record<string, Tensor> {
    const wanted = new Set(session.inputs);
    const feeds: Record<string, Tensor> = {};
    for (const [name, array] of Object.entries(arrays)) {
      if (wanted.has(name)) feeds[name] = this.array(array);
    }
    for (const dim of dimsOf(session.inputs)) {
      const size = BigInt64Array.of(BigInt(sizeOf(sizes, dim)));
      feeds[sizeInput(dim)] = this.keep(this.device.tensor('int64', [1], size));
    }
    return feeds;
  }

  release(): void {
    for (const tensor of this.held.splice(0)) tensor.release();
  }
}

/** A named size, or a number as it is. */
export function sizeOf(sizes: Sizes, dim: number | string): number {
  const size = typeof dim === 'number' ? dim : sizes[dim];
  if (size === undefined) throw new RangeError(`the batch has no size '${dim}'`);
  return size;
}
