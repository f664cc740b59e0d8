import type { Graph, Value } from '../../graph/graph.js';
import * as node from '../../graph/nodes.js';
import { sameShape } from '../../graph/shape.js';
import { elementCount } from '../../runtime/elements.js';
import type { Pack } from './packing.js';

/** The members of a pack, in their order and shapes. @param most outputs of a node */
export function takenApart(g: Graph, packed: Value, pack: Pack, most: number): Value[] {
  const { sizes, rest, inner } = axisOf(pack);
  const whole = [...sizes, ...rest];
  const parts = piecesOf(g, shaped(g, packed, [sum(whole), ...inner]), whole, most);
  return pack.members.map(({ shape }, place) => shaped(g, parts[place]!, shape));
}

/** A pack of its members. What is left of it is zeros. */
export function putTogether(g: Graph, members: readonly Value[], pack: Pack): Value {
  const { sizes, rest, inner } = axisOf(pack);
  const parts = members.map((member, place) => shaped(g, member, [sizes[place]!, ...inner]));
  for (const size of rest) parts.push(g.constant('float32', [size], new Array<number>(size).fill(0)));
  return shaped(g, node.concat(g, parts, 0, sum([...sizes, ...rest])), pack.shape);
}

/**
 * How members lie one behind the other along one axis: each has so many entries of it, of a shape. In a stack that is
 * one, of the member's shape.
 */
function axisOf({ shape, members, stacked }: Pack): {
  readonly sizes: readonly number[];
  readonly rest: readonly number[];
  readonly inner: readonly number[];
} {
  if (stacked) return { sizes: members.map(() => 1), rest: [], inner: shape.slice(1) };
  const sizes = members.map((member) => elementCount(member.shape));
  const left = elementCount(shape) - sum(sizes);
  return { sizes, rest: left === 0 ? [] : [left], inner: [] };
}

function shaped(g: Graph, x: Value, shape: readonly number[]): Value {
  return sameShape(x.shape, shape) ? x : node.reshape(g, x, shape);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

/** In steps, where there are more pieces than a node may give. */
function piecesOf(g: Graph, whole: Value, sizes: readonly number[], most: number): Value[] {
  if (sizes.length === 1) return [whole];
  if (sizes.length <= most) return node.split(g, whole, 0, sizes);
  const length = Math.ceil(sizes.length / Math.min(most, Math.ceil(sizes.length / most)));
  const parts: number[][] = [];
  for (let from = 0; from < sizes.length; from += length) parts.push(sizes.slice(from, from + length));
  return piecesOf(g, whole, parts.map(sum), most).flatMap((part, place) =>
    piecesOf(g, part, parts[place]!, most),
  );
}
