import { taking, type Graph, type Node, type Value } from './graph.js';
import * as node from './nodes.js';
import { sameShape } from './shape.js';
import { Takers } from './takers.js';

/**
 * Writes gradients of layer norms in fewer nodes: x̂ is a norm without scale and bias, dY⊙x̂ is made once, and
 * mean(dY⊙γ⊙x̂) is a product of it with γ.
 */
export function shortenNormGradients(graph: Graph): void {
  const takers = new Takers(graph);
  const normals = new Map<Node, Value>();
  /** x̂ by the value that it replaces. */
  const standardised = new Map<string, Standardised>();
  const products = new Map<string, Value>();
  const same = new Map<string, Value>();
  const productOf = (gradient: Value, normal: Value): Value => {
    const key = `${gradient.name} ${normal.name}`;
    const made = products.get(key) ?? node.mul(graph, gradient, normal);
    products.set(key, made);
    return made;
  };
  for (const former of graph.nodes.splice(0)) {
    const [result] = former.outputs as [Value];
    if (takers.of(result) === null) {
      graph.nodes.push(taking(former, same));
      continue;
    }
    const norm = normOf(takers, former);
    if (norm !== null) {
      const value = normals.get(norm) ?? standardise(graph, norm);
      normals.set(norm, value);
      standardised.set(result.name, { norm, value });
      same.set(result.name, value);
      continue;
    }
    const of = standardised.get(former.inputs[1]?.name ?? '');
    const projected = former.op === 'ReduceMean' ? projectedBy(takers, former, standardised) : null;
    if (former.op === 'Mul' && of !== undefined) {
      same.set(result.name, productOf(taking(former, same).inputs[0]!, of.value));
    } else if (projected !== null) {
      const { gradient, scale, value } = projected;
      const column = node.reshape(graph, scale, [scale.shape[0]!, 1]);
      const alpha = 1 / Number(scale.shape[0]);
      const given = same.get(gradient.name) ?? gradient;
      const mean = node.matMul(graph, productOf(given, value), column, { alpha });
      same.set(result.name, mean);
    } else graph.nodes.push(taking(former, same));
  }
}

interface Standardised {
  readonly norm: Node;
  readonly value: Value;
}

/** Of a node that gives (x − mean)·s, the norm whose mean and s they are. */
function normOf(takers: Takers, { op, inputs }: Node): Node | null {
  const difference = op === 'Mul' ? takers.giverOf(inputs[0]) : undefined;
  const norm = takers.giverOf(inputs[1]);
  if (difference?.op !== 'Sub' || norm?.op !== 'LayerNormalization') return null;
  const [output, mean, inverse] = norm.outputs as [Value, Value, Value];
  const [x, subtracted] = difference.inputs as [Value, Value];
  const isOf = x.name === norm.inputs[0]?.name && subtracted.name === mean.name;
  return isOf && inputs[1]?.name === inverse.name && typeof output.shape.at(-1) === 'number' ? norm : null;
}

function standardise(g: Graph, { inputs, outputs, attributes }: Node): Value {
  const [x] = inputs as [Value];
  const { shape } = outputs[0]!;
  const width = shape.at(-1) as number;
  const all = (value: number): Value => g.constant('float32', [width], new Array<number>(width).fill(value));
  return g.node('LayerNormalization', [x, all(1), all(0)], [{ type: x.type, shape }], attributes)[0]!;
}

/** Of a mean of dY⊙γ⊙x̂ over what was standardised, its factors. */
function projectedBy(
  takers: Takers,
  { inputs, outputs }: Node,
  standardised: ReadonlyMap<string, Standardised>,
): { readonly gradient: Value; readonly scale: Value; readonly value: Value } | null {
  const product = takers.giverOf(inputs[0]);
  const scaled = takers.giverOf(product?.inputs[0]);
  const of = standardised.get(product?.inputs[1]?.name ?? '');
  if (product?.op !== 'Mul' || scaled?.op !== 'Mul' || of === undefined) return null;
  const [gradient, scale] = scaled.inputs as [Value, Value];
  const isOfRows = sameShape(outputs[0]!.shape, [...of.value.shape.slice(0, -1), 1]);
  return isOfRows && scale.name === of.norm.inputs[1]?.name ? { gradient, scale, value: of.value } : null;
}
