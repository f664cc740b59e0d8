import { toBfloat16 } from './bfloat16.js';
import type { DType } from './dtype.js';
import { toFloat16 } from './float16.js';
import type { Dim, Shape } from './shape.js';
import { showShape } from './shape.js';

/** An edge of the graph: what one node gives and others take. */
export interface Value {
  readonly name: string;
  readonly type: DType;
  readonly shape: Shape;
}

export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface Node {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** The same node, taking other values for those of some names. */
export function taking(node: Node, values: ReadonlyMap<string, Value>): Node {
  return { ...node, inputs: node.inputs.map((value) => (value && values.get(value.name)) ?? value) };
}

/** A tensor whose bytes are in the model, or, with `external`, in a file beside it. */
export interface Initializer {
  readonly value: Value;
  readonly dims: readonly number[];
  readonly data: Uint8Array | { readonly external: string; readonly offset: number; readonly bytes: number };
}

/** The bytes of numbers. */
export const bytesOf: Readonly<Record<DType, (numbers: ArrayLike<number>) => Uint8Array>> = {
  float32: (numbers) => new Uint8Array(Float32Array.from(numbers).buffer),
  float16: (numbers) => new Uint8Array(toFloat16(Float32Array.from(numbers)).buffer),
  bfloat16: (numbers) => new Uint8Array(toBfloat16(Float32Array.from(numbers)).buffer),
  float64: (numbers) => new Uint8Array(Float64Array.from(numbers).buffer),
  int64: (numbers) => new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer),
  int32: (numbers) => new Uint8Array(Int32Array.from(numbers).buffer),
  bool: (numbers) => Uint8Array.from(numbers),
  uint8: (numbers) => Uint8Array.from(numbers),
  int8: (numbers) => new Uint8Array(Int8Array.from(numbers).buffer),
};

/** The domain of ONNX Runtime's own operators (FusedMatMul, Gelu). */
export const MICROSOFT = 'com.microsoft';

const sizePrefix = 'dim:';

/** The input that is a named size. */
export function sizeInput(dim: string): string {
  return `${sizePrefix}${dim}`;
}

/** The named size that an input is; null where it is none. */
export function sizeOfInput(name: string): string | null {
  return name.startsWith(sizePrefix) ? name.slice(sizePrefix.length) : null;
}

/**
 * A graph under construction. Nodes are appended in an order in which they can run.
 *
 * Named sizes are int64 `[1]` values: by default inputs called `dim:<name>` that the host feeds;
 * `bindDim` lets the graph compute one instead.
 */
export class Graph {
  readonly nodes: Node[] = [];
  readonly inputs: Value[] = [];
  readonly outputs: { readonly name: string; readonly value: Value }[] = [];
  readonly initializers: Initializer[] = [];
  private readonly dims = new Map<string, Value>();
  private readonly cache = new Map<string, Value>();
  private counter = 0;
  /** How many constants and shapes were made, those that were left out again, too. */
  private made = 0;

  /** Another graph of the same values: a change of one is none of the other. */
  copy(): Graph {
    const copy = new Graph();
    copy.nodes.push(...this.nodes);
    copy.inputs.push(...this.inputs);
    copy.outputs.push(...this.outputs);
    copy.initializers.push(...this.initializers);
    for (const [name, value] of this.dims) copy.dims.set(name, value);
    for (const [key, value] of this.cache) copy.cache.set(key, value);
    copy.counter = this.counter;
    copy.made = this.made;
    return copy;
  }

  /** Leaves out all others. A constant or a shape that is left out is made anew where it is asked for again. */
  keep(nodes: readonly Node[], initializers: readonly Initializer[]): void {
    const given = nodes.flatMap(({ outputs }) => outputs);
    const there = new Set([...given, ...initializers.map(({ value }) => value)].map(({ name }) => name));
    this.nodes.splice(0, this.nodes.length, ...nodes);
    this.initializers.splice(0, this.initializers.length, ...initializers);
    for (const [key, { name }] of this.cache) if (!there.has(name)) this.cache.delete(key);
  }

  input(name: string, type: DType, shape: Shape): Value {
    if (this.inputs.some((input) => input.name === name)) throw new TypeError(`a second input '${name}'`);
    const value = { name, type, shape };
    this.inputs.push(value);
    return value;
  }

  /** Appends a node; the results are new values of the given types and shapes. */
  node(
    op: string,
    inputs: readonly (Value | null)[],
    results: readonly { readonly type: DType; readonly shape: Shape }[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): Value[] {
    const id = this.counter++;
    const outputs = results.map(({ type, shape }, i) => ({ name: `${op}_${id}_${i}`, type, shape }));
    this.nodes.push({ op, domain, inputs, outputs, attributes });
    return outputs;
  }

  /** Makes a value an output under its own name. One value may be several outputs. */
  output(name: string, value: Value): void {
    if (this.outputs.some((output) => output.name === name)) throw new TypeError(`a second output '${name}'`);
    this.outputs.push({ name, value });
  }

  initializer(name: string, type: DType, dims: readonly number[], data: Initializer['data']): Value {
    const value = { name, type, shape: dims };
    this.initializers.push({ value, dims, data });
    return value;
  }

  /** A constant, made once for equal contents. */
  constant(type: DType, dims: readonly number[], numbers: readonly number[]): Value {
    return this.once(`${type}${dims.join('x')}:${numbers.join(',')}`, (name) =>
      this.initializer(name, type, dims, bytesOf[type](numbers)),
    );
  }

  /** The named size as an int64 `[1]` value. */
  dim(dim: Dim): Value {
    if (typeof dim === 'number') return this.constant('int64', [1], [dim]);
    let value = this.dims.get(dim);
    if (value === undefined) {
      value = this.input(sizeInput(dim), 'int64', [1]);
      this.dims.set(dim, value);
    }
    return value;
  }

  /** Lets the graph itself give a named size, as an int64 `[1]` value. */
  bindDim(name: string, value: Value): void {
    if (this.dims.has(name)) throw new TypeError(`size '${name}' is already bound`);
    this.dims.set(name, value);
  }

  /** The shape as an int64 vector, as Reshape takes it; made once for equal shapes. */
  shapeTensor(shape: Shape): Value {
    const named = shape.filter((dim) => typeof dim === 'string').length;
    // One unknown size needs no arithmetic: Reshape infers it.
    if (named === 1) {
      return this.constant(
        'int64',
        [shape.length],
        shape.map((dim) => (typeof dim === 'string' ? -1 : dim)),
      );
    }
    return this.shapeTensorOf(shape);
  }

  /** The sizes as an int64 vector, every one explicit; made once for equal sizes. */
  shapeTensorOf(sizes: Shape): Value {
    if (sizes.every((dim) => typeof dim === 'number')) return this.constant('int64', [sizes.length], sizes);
    const key = `sizes:${showShape(sizes)}`;
    const known = this.cache.get(key);
    if (known !== undefined) return known;
    const [made] = this.node(
      'Concat',
      sizes.map((dim) => this.dim(dim)),
      [{ type: 'int64', shape: [sizes.length] }],
      { axis: 0 },
    );
    return this.remembered(key, made as Value);
  }

  private once(key: string, make: (name: string) => Value): Value {
    const known = this.cache.get(key);
    if (known !== undefined) return known;
    return this.remembered(key, make(`constant_${this.made}`));
  }

  private remembered(key: string, value: Value): Value {
    this.cache.set(key, value);
    this.made++;
    return value;
  }
}
