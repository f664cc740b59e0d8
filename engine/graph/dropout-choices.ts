import { ConstantNumbers } from './constant-numbers.js';
import type { Graph, Node, Value } from './graph.js';
import { isProduct, scaled } from './products.js';
import { Takers } from './takers.js';

/**
 * Writes x·(f where kept, else 0) as x where kept, else 0, and gives f to the products beside it: to those that x comes
 * of, or to all that go on from it. So no factors are made of what is kept, and none are multiplied by. What is dropped
 * is 0 then whatever stood there.
 */
export function chooseKept(graph: Graph): void {
  const takers = new Takers(graph);
  const constants = new ConstantNumbers(graph);
  const factors = new Map<Node, number>();
  const addends = new Map<Node, number>();
  const chosen = new Map<Node, Node>();
  for (const node of graph.nodes) {
    const dropping = node.op === 'Mul' ? droppingOf(constants, takers, node) : null;
    if (dropping === null) continue;
    const { x, flags, factor } = dropping;
    const before = productsBefore(takers, x);
    const products = before ?? productsBehind(takers, node.outputs[0]!);
    if (products === null) continue;
    // One that is added to itself is found twice.
    for (const each of new Set(products)) factors.set(each, (factors.get(each) ?? 1) * factor);
    for (const each of new Set(before)) addends.set(each, (addends.get(each) ?? 1) * factor);
    const inputs = [flags, x, graph.constant(x.type, [], [0])];
    chosen.set(node, { ...node, op: 'Where', inputs });
  }
  const rewritten = graph.nodes.map((node) => {
    const factor = factors.get(node);
    return chosen.get(node) ?? (factor === undefined ? node : scaled(node, factor, addends.get(node) ?? 1));
  });
  graph.nodes.splice(0, graph.nodes.length, ...rewritten);
}

function droppingOf(
  constants: ConstantNumbers,
  takers: Takers,
  { inputs }: Node,
): { readonly x: Value; readonly flags: Value; readonly factor: number } | null {
  const [x, mask] = inputs as [Value, Value];
  const given = takers.giverOf(mask);
  const choice = given?.op === 'Cast' ? takers.giverOf(given.inputs[0]) : given;
  if (choice?.op !== 'Where') return null;
  const [flags, kept, dropped] = choice.inputs as [Value, Value, Value];
  const factor = constants.ofScalar(kept);
  return factor === null || constants.ofScalar(dropped) !== 0 ? null : { x, flags, factor };
}

/** Those that a value is the sum of, if of nothing else, and nobody else takes anything of it. */
function productsBefore(takers: Takers, value: Value): Node[] | null {
  const node = takers.giverOf(value);
  if (node === undefined || takers.onlyOf(value) === undefined) return null;
  if (isProduct(node)) return [node];
  if (node.op !== 'Cast' && node.op !== 'Add') return null;
  const parts = node.inputs.map((part) => productsBefore(takers, part!));
  return parts.every((part) => part !== null) ? parts.flat() : null;
}

/** All that take a value, if they are products, which have it as a factor. */
function productsBehind(takers: Takers, value: Value): Node[] | null {
  const nodes = takers.of(value)?.map((node) => {
    if (node.op === 'Cast') return productsBehind(takers, node.outputs[0]!);
    const places = node.inputs.flatMap((input, place) => (input?.name === value.name ? [place] : []));
    return isProduct(node) && places.length === 1 && places[0]! < 2 ? [node] : null;
  });
  return nodes?.every((part) => part !== null) && nodes.length > 0 ? nodes.flat() : null;
}
