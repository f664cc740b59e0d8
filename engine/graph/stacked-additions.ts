import type { Graph, Node, Value } from './graph.js';
import * as node from './nodes.js';
import { sameShape } from './shape.js';
import { Takers } from './takers.js';

/** Of so many sums in a stack: fewer are added one by one. */
const fewest = 4;

/**
 * Puts a stack of sums together as a sum of stacks, zeros where there is nothing to add. Of two summands that which is a
 * part of a split comes first: where its neighbours are, too, they are taken as one (split-parts.ts).
 */
export function addStacks(graph: Graph): void {
  const takers = new Takers(graph);
  for (const each of graph.nodes.splice(0)) {
    const parts =
      each.op === 'Concat' && each.attributes['axis'] === 0
        ? each.inputs.map((value) => sumOf(takers, value!))
        : [];
    if (parts.filter((part) => part !== null).length < fewest) {
      graph.nodes.push(each);
      continue;
    }
    const [result] = each.outputs as [Value];
    const stackOf = (values: readonly Value[]): Value =>
      node.concat(
        graph,
        values.map((value, place) => node.reshape(graph, value, each.inputs[place]!.shape)),
        0,
        result.shape[0]!,
      );
    const first = stackOf(parts.map((part, place) => part?.first ?? each.inputs[place]!));
    const second = stackOf(parts.map((part, place) => part?.second ?? zeros(graph, each.inputs[place]!)));
    graph.nodes.push({ ...each, op: 'Add', inputs: [first, second], attributes: {} });
  }
}

/** Two summands of a value that nobody else takes. */
function sumOf(takers: Takers, value: Value): { readonly first: Value; readonly second: Value } | null {
  const given = takers.giverOf(value);
  const sum = given?.op === 'Reshape' ? takers.giverOf(given.inputs[0]) : given;
  const isAlone = takers.onlyOf(value) !== undefined && sum !== undefined && takers.onlyOf(sum.outputs[0]!);
  if (sum?.op !== 'Add' || !isAlone) return null;
  const [a, b] = sum.inputs as [Value, Value];
  if (!sameShape(a.shape, b.shape)) return null;
  return isPart(takers, b) ? { first: b, second: a } : { first: a, second: b };
}

function isPart(takers: Takers, value: Value): boolean {
  const given = takers.giverOf(value);
  const from: Node | undefined = given?.op === 'Reshape' ? takers.giverOf(given.inputs[0]) : given;
  return from?.op === 'Split';
}

function zeros(g: Graph, { type, shape }: Value): Value {
  return node.expand(g, g.constant(type, [], [0]), shape);
}
