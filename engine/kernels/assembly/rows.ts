import { ARGUMENTS, ROWS } from './layout';

// Arguments: table, source, number of source rows, width.
const TABLE = ARGUMENTS;
const SOURCE = ARGUMENTS + 4;
const COUNT = ARGUMENTS + 8;
const WIDTH = ARGUMENTS + 12;

/** Columns per chunk: every chunk goes through all rows, so that each column adds up in their order. */
export const COLUMNS: u32 = 64;

export function addRows(chunk: u32): void {
  const count = load<u32>(COUNT);
  const width = load<u32>(WIDTH);
  const first = chunk * COLUMNS;
  const columns = min(width - first, COLUMNS);
  const vectors = (<usize>(columns & ~3)) << 2;
  const all = (<usize>columns) << 2;
  const stride = (<usize>width) << 2;
  const table = load<usize>(TABLE) + ((<usize>first) << 2);
  let from = load<usize>(SOURCE) + ((<usize>first) << 2);
  for (let row: u32 = 0; row < count; row++, from += stride) {
    const to = table + <usize>load<u32>(ROWS + ((<usize>row) << 2)) * stride;
    let i: usize = 0;
    for (; i < vectors; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
    for (; i < all; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(from + i));
  }
}
