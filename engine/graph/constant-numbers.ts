import type { Graph, Initializer, Value } from './graph.js';

/** Of a graph as it is now: what its float32 constants are. */
export class ConstantNumbers {
  private readonly initializers: ReadonlyMap<string, Initializer>;

  constructor({ initializers }: Pick<Graph, 'initializers'>) {
    this.initializers = new Map(initializers.map((each) => [each.value.name, each]));
  }

  /** The number that a scalar of the model is; null where it is none. */
  ofScalar(value: Value | null | undefined): number | null {
    return value?.shape.length === 0 ? this.ofAll(value) : null;
  }

  /** The number that every entry of a tensor of the model is; null where it is none, or they differ. */
  ofAll({ name }: Value): number | null {
    const { value, data } = this.initializers.get(name) ?? {};
    if (value?.type !== 'float32' || !(data instanceof Uint8Array)) return null;
    const [first, ...others] = new Float32Array(data.slice().buffer);
    return first !== undefined && others.every((each) => each === first) ? first : null;
  }
}
