import type { Graph, Node } from './graph.js';
import { isProduct } from './products.js';
import { extentOf, type Shape } from './shape.js';

/**
 * Floating point operations of the matrix products of a graph: a multiplication and an addition are two.
 *
 * @param sizes of the named dimensions
 */
export function productOperations(
  { nodes }: Pick<Graph, 'nodes'>,
  sizes: Readonly<Record<string, number>>,
): number {
  return nodes.reduce((sum, node) => sum + operationsOf(node, sizes), 0);
}

function operationsOf(node: Node, sizes: Readonly<Record<string, number>>): number {
  const [left, output] = [node.inputs[0]?.shape, node.outputs[0]?.shape];
  if (!isProduct(node) || left === undefined || output === undefined) return 0;
  const summed = left.at(node.attributes['transA'] === 1 ? -2 : -1);
  return summed === undefined ? 0 : 2 * elements(output, sizes) * elements([summed], sizes);
}

/** @throws RangeError for a named size that is not given */
export function elements(shape: Shape, sizes: Readonly<Record<string, number>>): number {
  return shape.reduce<number>((product, dim) => {
    const size = extentOf(dim, sizes);
    if (size === undefined) throw new RangeError(`no size '${dim}' is given`);
    return product * size;
  }, 1);
}
