import type { Tensor } from '../../runtime/runtime.js';
import { sizeOf, type HostArray, type Sizes, type TensorScope } from '../tensor-scope.js';
import type { TableGradient } from '../training-program.js';
import type { ParameterMemory } from './parameter-memory.js';

/** Gradients of looked-up rows, and where they begin in the scratch of each table. */
export interface RowGradient {
  readonly tensor: Tensor;
  readonly values: Float32Array;
  readonly first: number;
}

/** Elements for the gradients of all rows that a batch looks up. */
export function rowScratchOf(tables: readonly TableGradient[], mostTokens: number): number {
  const widths = new Map(tables.map(({ rows, width }) => [rows, width]));
  return mostTokens * [...widths.values()].reduce((sum, width) => sum + width, 0);
}

/**
 * Where the graph puts the gradients of looked-up rows, by output: beside the first table that they are added to.
 * Each output has its place, the same beside every table.
 */
export function placeRowGradients(
  tables: readonly TableGradient[],
  sizes: Sizes,
  memory: ParameterMemory,
  scope: TensorScope,
): Record<string, RowGradient> {
  const gradients: Record<string, RowGradient> = {};
  const tokens = sizeOf(sizes, 'tokens');
  let first = 0;
  for (const { name, rows, width } of tables) {
    if (rows in gradients) continue;
    const end = first + tokens * width;
    const values = memory.of(name).rowScratch.subarray(first, end);
    gradients[rows] = { tensor: scope.float([tokens, width], values), values, first };
    first = end;
  }
  return gradients;
}

/** Adds the looked-up rows' gradients into their tables', in the order of the tokens. */
export function addRowGradients(
  tables: readonly TableGradient[],
  inputs: Readonly<Record<string, HostArray>>,
  memory: ParameterMemory,
  rows: Readonly<Record<string, RowGradient>>,
): void {
  for (const table of tables) {
    const { kernels, gradients, rowScratch } = memory.of(table.name);
    kernels.fill(gradients, 0);
    const ids = inputs[table.ids]?.data as BigInt64Array;
    kernels.addRows(gradients, ids, besideTable(rows[table.rows] as RowGradient, rowScratch), table.width);
  }
}

/** The gradients in a table's own memory: a copy where the table is in another than the first. */
function besideTable({ values, first }: RowGradient, rowScratch: Float32Array): Float32Array {
  const there = rowScratch.subarray(first, first + values.length);
  if (there.buffer !== values.buffer) there.set(values);
  return there;
}
