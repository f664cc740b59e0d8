import type { Graph, Value } from '../../graph/graph.js';
import * as node from '../../graph/nodes.js';
import { elementCount } from '../../runtime/elements.js';
import type { Pack } from './packing.js';

/** The members of a pack, in their order and shapes. @param most outputs of a node */
export function takenApart(g: Graph, packed: Value, pack: Pack, most: number): Value[] {
  const sizes = pack.members.map(({ shape }) => elementCount(shape));
  const rest = restOf(pack);
  const flat = node.reshape(g, packed, [elementCount(pack.shape)]);
  const parts = piecesOf(g, flat, rest === 0 ? sizes : [...sizes, rest], most);
  return pack.members.map(({ shape }, place) => node.reshape(g, parts[place]!, shape));
}

/** A pack of its members. What is left of it is zeros. */
export function putTogether(g: Graph, members: readonly Value[], pack: Pack): Value {
  const flat = members.map((member, place) =>
    node.reshape(g, member, [elementCount(pack.members[place]!.shape)]),
  );
  const rest = restOf(pack);
  if (rest > 0) flat.push(g.constant('float32', [rest], new Array<number>(rest).fill(0)));
  return node.reshape(g, node.concat(g, flat, 0, elementCount(pack.shape)), pack.shape);
}

function restOf({ shape, members }: Pack): number {
  return members.reduce((rest, member) => rest - elementCount(member.shape), elementCount(shape));
}

/** In steps, where there are more pieces than a node may give. */
function piecesOf(g: Graph, flat: Value, sizes: readonly number[], most: number): Value[] {
  if (sizes.length === 1) return [flat];
  if (sizes.length <= most) return node.split(g, flat, 0, sizes);
  const length = Math.ceil(sizes.length / Math.min(most, Math.ceil(sizes.length / most)));
  const parts: number[][] = [];
  for (let from = 0; from < sizes.length; from += length) parts.push(sizes.slice(from, from + length));
  const sums = parts.map((part) => part.reduce((sum, size) => sum + size, 0));
  return piecesOf(g, flat, sums, most).flatMap((part, place) => piecesOf(g, part, parts[place]!, most));
}
