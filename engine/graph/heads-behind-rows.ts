import { MICROSOFT, type Graph, type Node, type Value } from './graph.js';
import { isProduct } from './products.js';
import { sameShape } from './shape.js';
import { Takers } from './takers.js';
import { headsFirst, transposes } from './transpositions.js';

/**
 * Lets products of matrices for each head take an operand `[rows, heads, width]` as it lies, where it was turned to
 * `[heads, rows, width]` for them alone.
 */
export function takeHeadsBehindRows(graph: Graph): void {
  const takers = new Takers(graph);
  const behind = new Map<string, Value>();
  for (const each of graph.nodes) {
    if (!transposes(each, headsFirst)) continue;
    const [turned] = each.outputs as [Value];
    const products = takers.of(turned) ?? [];
    if (products.length > 0 && products.every((product) => isByHead(product, turned)))
      behind.set(turned.name, each.inputs[0]!);
  }
  for (const [place, each] of graph.nodes.entries()) {
    const operands = isProduct(each) ? each.inputs.map((value) => behind.get(value!.name)) : [];
    if (operands.some((value) => value !== undefined)) graph.nodes[place] = taking(each, operands);
  }
}

/** A product of two stacks of as many matrices, one of which is this. */
function isByHead(each: Node, turned: Value): boolean {
  const [a, b] = each.inputs as [Value, Value];
  if (!isProduct(each) || each.op === 'Gemm' || a.name === b.name) return false;
  return [a, b].every(({ shape }) => shape.length === 3 && sameShape([shape[0]!], [turned.shape[0]!]));
}

function taking(product: Node, [a, b]: readonly (Value | undefined)[]): Node {
  const plain = { transA: 0, transB: 0, alpha: { float: 1 } };
  const turns = { transBatchA: Number(a !== undefined), transBatchB: Number(b !== undefined) };
  return {
    ...product,
    op: 'FusedMatMul',
    domain: MICROSOFT,
    inputs: [a ?? product.inputs[0]!, b ?? product.inputs[1]!],
    attributes: { ...plain, ...product.attributes, ...turns },
  };
}
