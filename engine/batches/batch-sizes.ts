import type { Graph, Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import { bucketDims, groupDims } from '../nn/packing.js';
import type { RelativePositions } from '../models/family.js';
import type { BatchLayout } from './batch-layout.js';

/** Arithmetic on sizes: on numbers, or on the int64 `[1]` values of a graph. */
interface Arithmetic<T> {
  readonly of: (value: number) => T;
  readonly add: (a: T, b: T) => T;
  readonly sub: (a: T, b: T) => T;
  readonly mul: (a: T, b: T) => T;
}

const numbers: Arithmetic<number> = {
  of: (value) => value,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
};

const values = (graph: Graph): Arithmetic<Value> => ({
  of: (value) => graph.constant('int64', [1], [value]),
  add: (a, b) => node.add(graph, a, b),
  sub: (a, b) => node.sub(graph, a, b),
  mul: (a, b) => node.mul(graph, a, b),
});

/** What the sizes of a group follow from: its texts, the longest of them, and its padded places. */
interface GroupMeasure<T> {
  readonly batch: T;
  readonly length: T;
  readonly slots: T;
}

/** The sizes of a group by their names in `groupDims`. */
function sizesOfGroup<T>(
  { add, sub, mul, of }: Arithmetic<T>,
  group: number,
  heads: number,
  { batch, length, slots }: GroupMeasure<T>,
): Record<string, T> {
  const dims = groupDims(group);
  const window = add(length, length);
  const diagonal = sub(window, of(1));
  const before = sub(length, of(1));
  const skewedArea = mul(length, diagonal);
  return {
    [dims.batch]: batch,
    [dims.slots]: slots,
    [dims.headBatch]: mul(batch, of(heads)),
    [dims.length as string]: length,
    [dims.window as string]: window,
    [dims.diagonal as string]: diagonal,
    [dims.before as string]: before,
    [dims.area as string]: mul(length, window),
    [dims.skewedArea as string]: skewedArea,
    [dims.skewedEnd as string]: add(before, skewedArea),
  };
}

/** The sizes of a group of `batch` texts padded to `length`. */
export function groupSizes(
  group: number,
  heads: number,
  batch: number,
  length: number,
): Record<string, number> {
  return sizesOfGroup(numbers, group, heads, { batch, length, slots: batch * length });
}

/** Rows `from` … `to` − 1 of a table of relative embeddings with so many. */
export interface UsedRows {
  readonly from: number;
  readonly to: number;
}

/** The rows that the distances within a batch have. */
export function usedRows({ groups }: BatchLayout, relative: RelativePositions): UsedRows {
  const reach = Math.max(...groups.map(({ length }) => length)) - 1;
  const rows = Array.from({ length: 2 * reach + 1 }, (_, i) => relative.rowOf(i - reach));
  return { from: Math.min(...rows), to: Math.max(...rows) + 1 };
}

function sizesOfBuckets<T>(
  of: (value: number) => T,
  { from, to }: UsedRows,
  rows: number,
): Record<string, T> {
  return {
    [bucketDims.from]: of(from),
    [bucketDims.to]: of(to),
    [bucketDims.size]: of(to - from),
    [bucketDims.after]: of(rows - to),
  };
}

/** What of a model its sizes depend on. */
export interface SizedModel {
  readonly heads: number;
  readonly relativePositions: RelativePositions | null;
}

/** Every named size of a batch, as the host feeds them. */
export function hostSizes(
  layout: BatchLayout,
  { heads, relativePositions }: SizedModel,
): Record<string, number> {
  const { groups, tokens, textRows, slots } = layout;
  const sizes: Record<string, number> = { tokens, texts: textRows, slots };
  groups.forEach(({ batch, length }, g) => Object.assign(sizes, groupSizes(g, heads, batch, length)));
  if (relativePositions === null) return sizes;
  const used = usedRows(layout, relativePositions);
  return { ...sizes, ...sizesOfBuckets(numbers.of, used, relativePositions.rows) };
}

/** The same of padded inputs, bound to the graph: all texts are one group, every place is a row, every bucket in use. */
export function bindSizes(
  graph: Graph,
  { heads, relativePositions }: SizedModel,
  { batch, length, slots }: GroupMeasure<Value>,
): void {
  const on = values(graph);
  const rows = relativePositions?.rows ?? 0;
  const sizes = {
    tokens: slots,
    slots,
    texts: batch,
    ...sizesOfGroup(on, 0, heads, { batch, length, slots }),
    ...sizesOfBuckets(on.of, { from: 0, to: rows }, rows),
  };
  for (const [name, value] of Object.entries(sizes)) graph.bindDim(name, value);
}
