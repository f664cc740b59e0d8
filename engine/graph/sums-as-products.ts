import type { Graph, Node, Value } from './graph.js';
import * as node from './nodes.js';
import { showShape, type Dim, type Shape } from './shape.js';

/** Longer axes are left as they are: their ones would be constants of the model. */
const longest = 16_384;

/**
 * Writes sums and means in float32 over the first axis of a matrix, or over the last axis, as products with ones, or
 * with shares of one. A provider whose sums take several calls of another library computes these by one.
 */
export function sumByProducts(graph: Graph): void {
  const axes = new Map(
    graph.initializers.flatMap(({ value, dims, data }) =>
      value.type === 'int64' && dims.length === 1 && dims[0] === 1 && data instanceof Uint8Array
        ? [[value.name, Number(new BigInt64Array(data.slice().buffer)[0])] as const]
        : [],
    ),
  );
  const factors = new Factors(graph);
  for (const former of graph.nodes.splice(0)) {
    const axis = axes.get(former.inputs[1]?.name ?? '');
    if (axis === undefined || !asProduct(graph, factors, former, axis)) graph.nodes.push(former);
  }
}

/** Appends what computes the same under the same name. @returns false where it is no product */
function asProduct(
  g: Graph,
  factors: Factors,
  { op, inputs, outputs, attributes }: Node,
  axis: number,
): boolean {
  const [x, result] = [inputs[0]!, outputs[0]!];
  const isMean = op === 'ReduceMean';
  if ((op !== 'ReduceSum' && !isMean) || x.type !== 'float32') return false;
  const [rank, size] = [x.shape.length, x.shape[axis]!];
  if (typeof size === 'string' ? isMean : size > longest) return false;
  const kept = attributes['keepdims'] === 1;
  const factor = isMean ? 1 / Number(size) : 1;
  const as = (name: string, ...operands: readonly Value[]): void => {
    g.nodes.push({ op: name, domain: '', inputs: operands, outputs: [result], attributes: {} });
  };
  if (axis === 0 && rank === 2 && !kept) as('MatMul', factors.row(size, factor), x);
  else if (axis !== rank - 1) return false;
  else if (kept && rank > 1) as('MatMul', x, factors.column(size, factor));
  // What has several named sizes would be reshaped by them.
  else if (result.shape.filter((dim) => typeof dim === 'string').length > 1) return false;
  else {
    // A vector behind a matrix would be many products, whose places the host writes down at each run.
    const rows = rank === 1 ? node.reshape(g, x, [1, size]) : x;
    as('Reshape', node.matMul(g, rows, factors.column(size, factor)), g.shapeTensor(result.shape));
  }
  return true;
}

/** Vectors of a number, and matrices of one column of it. */
class Factors {
  private readonly made = new Map<string, Value>();

  constructor(private readonly g: Graph) {}

  row(size: Dim, factor: number): Value {
    return this.of([size], factor);
  }

  column(size: Dim, factor: number): Value {
    return this.of([size, 1], factor);
  }

  private of(shape: Shape, factor: number): Value {
    const key = `${showShape(shape)} ${factor}`;
    let made = this.made.get(key);
    if (made === undefined) this.made.set(key, (made = this.make(shape, factor)));
    return made;
  }

  private make(shape: Shape, factor: number): Value {
    const [size] = shape;
    if (typeof size === 'number')
      return this.g.constant('float32', shape as number[], new Array<number>(size).fill(factor));
    return node.expand(this.g, node.scalar(this.g, factor), shape);
  }
}
