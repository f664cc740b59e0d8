import { ConstantNumbers } from './constant-numbers.js';
import { isFloat } from './dtype.js';
import { taking, type Graph, type Node, type Value } from './graph.js';
import * as node from './nodes.js';
import { sameShape } from './shape.js';
import { Takers } from './takers.js';

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

/** Casts the two numbers that a choice is between, where it is itself cast to other floats. */
export function castChosen(graph: Graph): void {
  const constants = new ConstantNumbers(graph);
  const choices = new Map<string, Node>();
  for (const former of graph.nodes.splice(0)) {
    if (former.op === 'Where') choices.set(former.outputs[0]!.name, former);
    const choice = isFloatCast(former) ? choices.get(former.inputs[0]!.name) : undefined;
    const [wanted, ...either] = choice?.inputs ?? [];
    const { type } = former.outputs[0]!;
    const numbers = either.map((value) => constants.ofScalar(value));
    if (choice === undefined || numbers.some((number) => number === null)) graph.nodes.push(former);
    else {
      const cast = numbers.map((number) => graph.constant(type, [], [number!]));
      graph.nodes.push({ ...choice, inputs: [wanted!, ...cast], outputs: former.outputs });
    }
  }
}

/** Casts once what is chosen from several times, with a number for the rest, where the choices are all that is cast. */
export function castBeforeChoices(graph: Graph): void {
  const takers = new Takers(graph);
  const constants = new ConstantNumbers(graph);
  const chosen = new Map<string, number>();
  const keyOf = ({ name }: Value, type: string): string => `${name} ${type}`;
  const choiceOf = (each: Node): readonly [wanted: Value, x: Value, rest: number] | null => {
    const choice = isFloatCast(each) ? takers.giverOf(each.inputs[0]) : undefined;
    if (choice?.op !== 'Where' || takers.onlyOf(choice.outputs[0]!) === undefined) return null;
    const [wanted, x, other] = choice.inputs as [Value, Value, Value];
    const rest = constants.ofScalar(other);
    return rest === null || !sameShape(x.shape, choice.outputs[0]!.shape) ? null : [wanted, x, rest];
  };
  for (const each of graph.nodes) {
    const choice = choiceOf(each);
    if (choice === null) continue;
    const key = keyOf(choice[1], each.outputs[0]!.type);
    chosen.set(key, (chosen.get(key) ?? 0) + 1);
  }
  const casts = new Map<string, Value>();
  for (const each of graph.nodes.splice(0)) {
    const choice = choiceOf(each);
    const { type } = each.outputs[0]!;
    const key = choice === null ? '' : keyOf(choice[1], type);
    if (choice === null || chosen.get(key) === 1) {
      graph.nodes.push(each);
      continue;
    }
    const [wanted, x, rest] = choice;
    const cast = casts.get(key) ?? node.cast(graph, x, type);
    casts.set(key, cast);
    const inputs = [wanted, cast, graph.constant(type, [], [rest])];
    graph.nodes.push({ op: 'Where', domain: '', inputs, outputs: each.outputs, attributes: {} });
  }
}

/** The numbers of another type are not rounded as a constant's are. */
function isFloatCast({ op, outputs }: Node): boolean {
  return op === 'Cast' && isFloat(outputs[0]!.type);
}
