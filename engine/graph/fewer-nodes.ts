import { numberOf, taking, type Graph, type Node, type Value } from './graph.js';
import { sameShape } from './shape.js';

/** Takes a reshape of a reshape of what that was, and leaves out one that changes no shape. */
export function mergeReshapes(graph: Graph): void {
  const kept = new Set(graph.outputs.map(({ value }) => value.name));
  const before = new Map<string, Value>();
  const same = new Map<string, Value>();
  for (const former of graph.nodes.splice(0)) {
    const each = taking(former, same);
    if (each.op !== 'Reshape') {
      graph.nodes.push(each);
      continue;
    }
    const [result] = each.outputs as [Value];
    const [x, shape] = each.inputs as [Value, Value];
    const from = before.get(x.name) ?? x;
    if (sameShape(from.shape, result.shape) && !kept.has(result.name)) same.set(result.name, from);
    else {
      before.set(result.name, from);
      graph.nodes.push({ ...each, inputs: [from, shape] });
    }
  }
}

/** Casts the two numbers that a choice is between, where it is itself cast. */
export function castChosen(graph: Graph): void {
  const choices = new Map<string, Node>();
  for (const former of graph.nodes.splice(0)) {
    if (former.op === 'Where') choices.set(former.outputs[0]!.name, former);
    const choice = former.op === 'Cast' ? choices.get(former.inputs[0]!.name) : undefined;
    const [wanted, ...either] = choice?.inputs ?? [];
    const { type } = former.outputs[0]!;
    const numbers = either.map((value) => numberOf(graph, value));
    if (choice === undefined || numbers.some((number) => number === null)) graph.nodes.push(former);
    else {
      const cast = numbers.map((number) => graph.constant(type, [], [number!]));
      graph.nodes.push({ ...choice, inputs: [wanted!, ...cast], outputs: former.outputs });
    }
  }
}
