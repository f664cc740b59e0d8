import { taking, type Graph, type Node, type Value } from './graph.js';
import * as node from './nodes.js';
import { sameShape } from './shape.js';
import { Takers } from './takers.js';

/**
 * Takes what is put together of neighbouring parts of a split as a larger part, and what is put together of all parts of
 * splits as what was split: along the first axis, where all parts are of one size that is a number.
 */
export function joinParts(graph: Graph): void {
  const takers = new Takers(graph);
  const same = new Map<string, Value>();
  const larger = new Map<string, readonly Value[]>();
  for (const former of graph.nodes.splice(0)) {
    const each = taking(former, same);
    const parts = former.op === 'Concat' && each.attributes['axis'] === 0 ? partsOf(takers, former) : null;
    const joined =
      parts === null
        ? null
        : (neighbours(graph, parts, each, larger, same) ?? blocks(graph, parts, each, same));
    const [result] = each.outputs as [Value];
    if (joined === null) graph.nodes.push(each);
    else if (takers.of(result) !== null) same.set(result.name, joined);
    else {
      const inputs = [joined, graph.shapeTensor(result.shape)];
      graph.nodes.push({ op: 'Reshape', domain: '', inputs, outputs: [result], attributes: {} });
    }
  }
}

interface Part {
  readonly split: Node;
  readonly place: number;
}

/** Null where one is no part of a split in parts of one size, or of another size than the others. */
function partsOf(takers: Takers, { inputs }: Node): readonly Part[] | null {
  const parts = inputs.map((value) => {
    const given = takers.giverOf(value);
    const part = given?.op === 'Reshape' ? given.inputs[0]! : value!;
    const split = takers.giverOf(part);
    if (split?.op !== 'Split' || split.attributes['axis'] !== 0) return null;
    const [first] = split.outputs as readonly [Value];
    if (typeof first.shape[0] !== 'number') return null;
    if (split.outputs.some(({ shape }) => !sameShape(shape, first.shape))) return null;
    return { split, place: split.outputs.findIndex(({ name }) => name === part.name) };
  });
  const isAlike = ({ split }: Part, first: Part): boolean =>
    split.outputs.length === first.split.outputs.length &&
    sameShape(split.outputs[0]!.shape, first.split.outputs[0]!.shape);
  const found = parts.filter((part) => part !== null);
  return found.length === inputs.length && found.every((part) => isAlike(part, found[0]!)) ? found : null;
}

/** Parts of one split, one behind the other: a part of a split in larger ones. */
function neighbours(
  g: Graph,
  parts: readonly Part[],
  { outputs }: Node,
  larger: Map<string, readonly Value[]>,
  same: ReadonlyMap<string, Value>,
): Value | null {
  const [{ split, place: from }] = parts as readonly [Part];
  const [count, all] = [parts.length, split.outputs.length];
  const isRow = parts.every((part, place) => part.split === split && part.place === from + place);
  if (!isRow || from % count !== 0 || all % count !== 0) return null;
  const key = `${split.outputs[0]!.name} ${count}`;
  const size = Number(split.outputs[0]!.shape[0]) * count;
  const [given] = split.inputs as [Value];
  const whole = same.get(given.name) ?? given;
  const made =
    larger.get(key) ??
    (count === all ? [whole] : node.split(g, whole, 0, new Array<number>(all / count).fill(size)));
  larger.set(key, made);
  return node.reshape(g, made[from / count]!, outputs[0]!.shape);
}

/** All parts of several splits, one behind the other: what they were parts of. */
function blocks(
  g: Graph,
  parts: readonly Part[],
  { outputs }: Node,
  same: ReadonlyMap<string, Value>,
): Value | null {
  const [result] = outputs as [Value];
  const count = parts[0]!.split.outputs.length;
  const isInBlocks = parts.every(
    ({ split, place }, at) => place === at % count && split === parts[at - place]?.split,
  );
  if (!isInBlocks || parts.length % count !== 0 || parts.length === count) return null;
  const rows = (Number(result.shape[0]) / parts.length) * count;
  const wholes = parts
    .filter(({ place }) => place === 0)
    .map(({ split }) => {
      const [whole] = split.inputs as [Value];
      return node.reshape(g, same.get(whole.name) ?? whole, [rows, ...result.shape.slice(1)]);
    });
  return node.concat(g, wholes, 0, result.shape[0]!);
}
