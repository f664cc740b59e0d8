import { randomStateOf } from './random-state.js';
import { requireEnoughRows, type DealOptions, type Split } from './stratified.js';

/**
 * Shuffled folds of equal size, row for row those of scikit-learn's
 * `KFold(count, shuffle=True, random_state=seed)`: the shuffled rows are cut into pieces, of which the
 * first ones are larger by one where the rows cannot be divided.
 *
 * @throws InputFault when there are more folds than rows
 */
export function shuffledKFold(rows: number, { count, seed }: DealOptions): Split {
  requireEnoughRows(rows, count);
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  randomStateOf(seed).shuffle(order);
  const folds = new Int32Array(rows);
  const larger = rows % count;
  const size = Math.floor(rows / count);
  let place = 0;
  for (let fold = 1; fold <= count; fold++) {
    const end = place + size + (fold <= larger ? 1 : 0);
    for (; place < end; place++) folds[order[place]!] = fold;
  }
  return { folds, warnings: [] };
}
