import type { Graph, Initializer, Node, Value } from '../graph/graph.js';
import { MICROSOFT } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import type { Dim } from '../graph/shape.js';
import { prune } from '../graph/used-nodes.js';
import { quantizeRows, transposed } from './quantized-rows.js';

/**
 * Levels on either side of 0. A weight has 7 bits: on processors without an instruction for it, two products of 8 bits
 * each are added in 16, and there 255·64 twice is the most that fits. So every processor gives the same numbers.
 */
const levels = { weight: 63, table: 127, activation: 127 } as const;

/** What stands for 0 in an activation of unsigned bytes. */
const ZERO = 128;

/** Rows of one text each: what decides about it, and too few to take time. They stay in float32. */
const ROWS_OF_TEXTS: Dim = 'texts';

/** An activation of 8 bits, and the scale of each of its rows. */
interface QuantizedActivation {
  readonly values: Value;
  /** float32 `[rows, 1]` */
  readonly scale: Value;
}

interface QuantizedWeight {
  /** int8 `[in, out]` */
  readonly values: Value;
  /** float32 `[out]` */
  readonly scales: Value;
}

/**
 * Turns the products of a graph's rows with constant weights, and the table of word embeddings, into ones of 8 bits.
 *
 * A weight has a scale for each output. An activation gets one for each row as the graph runs, by the row's largest
 * entry: an outlier costs its own token precision and no other's, and what is said of a text does not depend on the
 * texts beside it. Products of activations with one another, norms and what has one row a text stay in float32.
 *
 * @param graph whose weights are initializers with their bytes in them
 * @param table name of the word embedding
 */
export function quantize(graph: Graph, table: string): void {
  new Quantization(graph, table).run();
  prune(graph);
}

class Quantization {
  private readonly floats: ReadonlyMap<string, Initializer>;
  private readonly activations = new Map<string, QuantizedActivation>();
  private readonly weights = new Map<string, QuantizedWeight>();
  private readonly zero: Value;
  private readonly one: Value;

  constructor(
    private readonly g: Graph,
    private readonly table: string,
  ) {
    const floats = g.initializers.filter(({ value }) => value.type === 'float32');
    this.floats = new Map(floats.map((initializer) => [initializer.value.name, initializer]));
    this.zero = g.initializer('quantized.zero', 'uint8', [], Uint8Array.of(ZERO));
    this.one = node.scalar(g, 1);
  }

  run(): void {
    for (const former of this.g.nodes.splice(0)) {
      if (!this.product(former) && !this.lookup(former)) this.g.nodes.push(former);
    }
  }

  /** x·Wᵀ (+ b) */
  private product(former: Node): boolean {
    const [x, weight, bias] = former.inputs;
    if (!isProductByTranspose(former) || !x || !weight || x.shape[0] === ROWS_OF_TEXTS) return false;
    const constant = this.floats.get(weight.name);
    if (constant?.dims.length !== 2 || x.shape.length !== 2) return false;
    const { values, scales } = this.weight(constant);
    const activation = this.activation(x);
    const [result] = former.outputs as [Value];
    const inputs = [activation.values, values, this.one, scales, this.zero];
    const [unscaled] = this.g.node('MatMulIntegerToFloat', inputs, [result], {}, MICROSOFT) as [Value];
    if (bias) this.as(result, 'Add', [node.mul(this.g, unscaled, activation.scale), bias]);
    else this.as(result, 'Mul', [unscaled, activation.scale]);
    return true;
  }

  /** Rows of the table of word embeddings. */
  private lookup(former: Node): boolean {
    const [table, ids] = former.inputs;
    if (former.op !== 'Gather' || table?.name !== this.table || !ids) return false;
    const { dims, data } = this.floats.get(table.name) as Initializer;
    const [rows, width] = dims as [number, number];
    const { values, scales } = quantizeRows(floatsOf(data), width, levels.table);
    const [result] = former.outputs as [Value];
    const quantized = this.g.initializer(`${table.name}.quantized`, 'int8', [rows, width], bytesOf(values));
    const scale = this.g.initializer(`${table.name}.scale`, 'float32', [rows, 1], bytesOf(scales));
    const found = node.cast(this.g, node.gather(this.g, quantized, ids), 'float32');
    this.as(result, 'Mul', [found, node.gather(this.g, scale, ids)]);
    return true;
  }

  /** Once for each value, however many products take it. */
  private activation(x: Value): QuantizedActivation {
    const known = this.activations.get(x.name);
    if (known !== undefined) return known;
    const { g } = this;
    const largest = node.max(
      g,
      node.reduceMax(g, x, [1], true),
      node.neg(g, node.reduceMin(g, x, [1], true)),
    );
    // A row of zeros is divided by something, too.
    const safe = node.max(g, largest, node.scalar(g, 1e-30));
    const scale = node.mul(g, safe, node.scalar(g, 1 / levels.activation));
    const result = [{ type: 'uint8', shape: x.shape }] as const;
    const [values] = g.node('QuantizeLinear', [node.div(g, x, scale), this.one, this.zero], result);
    const made = { values: values as Value, scale };
    this.activations.set(x.name, made);
    return made;
  }

  private weight({ value: { name }, dims, data }: Initializer): QuantizedWeight {
    const known = this.weights.get(name);
    if (known !== undefined) return known;
    const [outputs, inputs] = dims as [number, number];
    const { values, scales } = quantizeRows(floatsOf(data), inputs, levels.weight);
    const turned = transposed(values, outputs, inputs);
    const made = {
      values: this.g.initializer(`${name}.quantized`, 'int8', [inputs, outputs], bytesOf(turned)),
      scales: this.g.initializer(`${name}.scale`, 'float32', [outputs], bytesOf(scales)),
    };
    this.weights.set(name, made);
    return made;
  }

  /** A node that gives a value which others take already. */
  private as(result: Value, op: string, inputs: readonly Value[]): void {
    this.g.nodes.push({ op, domain: '', inputs, outputs: [result], attributes: {} });
  }
}

function isProductByTranspose({ op, attributes }: Node): boolean {
  if (op === 'Gemm') return attributes['transA'] === 0 && attributes['transB'] === 1;
  if (op !== 'FusedMatMul' || attributes['transA'] !== 0 || attributes['transB'] !== 1) return false;
  const { alpha } = attributes;
  return typeof alpha === 'object' && 'float' in alpha && alpha.float === 1;
}

function floatsOf(data: Initializer['data']): Float32Array {
  if (!(data instanceof Uint8Array))
    throw new TypeError('a weight that is quantised has its bytes in the graph');
  return new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
}

function bytesOf({ buffer, byteOffset, byteLength }: Int8Array | Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
