import { argMax, classesOf, confusionMatrix, f1PerClass, oneHot } from './classes.js';
import type { Decider } from './cross-fitted.js';
import { f1OfCounts, mean } from './f1.js';

/** −2, −1.9 … 2. */
const grid = Float64Array.from({ length: 41 }, (_, index) => (index - 20) / 10);

/** Places of the grid, those of offsets near 0 first: of equally good ones the smallest is taken. */
const nearFirst: readonly number[] = [...grid.keys()].sort(
  (a, b) => Math.abs(grid[a]!) - Math.abs(grid[b]!) || a - b,
);

/** Sweeps over all classes; a sweep that changes nothing is the last. */
const mostSweeps = 10;

/** An offset of each class, and the macro F1 that they reach on the rows they were tuned on. */
export interface TunedOffsets {
  readonly offsets: readonly number[];
  readonly macroF1: number;
}

/** Log probabilities, to which the offsets are added; of 0 the log of the least float32 that is not. */
export function logProbabilities(probabilities: Float32Array): Float64Array {
  return Float64Array.from(probabilities, (p) => Math.log(Math.max(p, 2 ** -149)));
}

/**
 * Offsets of the classes' log probabilities with the highest macro F1 of the class with the largest sum, by
 * coordinate ascent: class by class the best of a grid, others held. All 0 where nothing does better than the
 * plain arg max.
 *
 * @param probabilities `[rows, width]`, without NaN
 * @param labels one-hot `[rows, width]`
 */
export function tuneOffsets(probabilities: Float32Array, labels: Uint8Array, width: number): TunedOffsets {
  const scores = logProbabilities(probabilities);
  const truth = classesOf(labels, width);
  let offsets: readonly number[] = new Array<number>(width).fill(0);
  let macroF1 = mean(f1PerClass(confusionMatrix(truth, argMax(scores, width), width), width));
  for (let sweep = 0, changed = true; changed && sweep < mostSweeps; sweep++) {
    changed = false;
    for (let index = 0; index < width; index++) {
      const reached = macroF1ByOffset(scores, truth, offsets, index);
      for (const place of nearFirst) {
        if (reached[place]! <= macroF1) continue;
        [offsets, macroF1, changed] = [offsets.with(index, grid[place]!), reached[place]!, true];
      }
    }
  }
  return { offsets, macroF1 };
}

/**
 * Macro F1 at each offset of the grid of one class, those of the others held: in one pass over the rows, as
 * the class wins a row from some offset on, and from one other class.
 *
 * @param scores `[rows, width]`
 */
function macroF1ByOffset(
  scores: Float64Array,
  truth: Int32Array,
  offsets: readonly number[],
  index: number,
): Float64Array {
  const width = offsets.length;
  const actual = new Int32Array(width);
  // What the classes have where this one wins no row, and what each of them loses to it at each offset.
  const predicted = new Int32Array(width);
  const hits = new Int32Array(width);
  const lost = new Int32Array((grid.length + 1) * width);
  const lostHits = new Int32Array(lost.length);
  const wonHits = new Int32Array(grid.length + 1);
  for (let row = 0; row < truth.length; row++) {
    const rival = bestOther(scores, row * width, offsets, index);
    const place = firstWin(scores[row * width + index]!, index, rival);
    const right = Number(truth[row] === rival.index);
    actual[truth[row]!]! += 1;
    predicted[rival.index]! += 1;
    hits[rival.index]! += right;
    lost[place * width + rival.index]! += 1;
    lostHits[place * width + rival.index]! += right;
    wonHits[place]! += Number(truth[row] === index);
  }
  return grid.map((_, place) => {
    for (let other = 0; other < width; other++) {
      const rows = lost[place * width + other]!;
      predicted[other]! -= rows;
      predicted[index]! += rows;
      hits[other]! -= lostHits[place * width + other]!;
    }
    hits[index]! += wonHits[place]!;
    return mean(Float64Array.from(hits, (hit, other) => f1OfCounts(hit, predicted[other]!, actual[other]!)));
  });
}

interface Rival {
  readonly index: number;
  readonly score: number;
}

/** The class that the arg max takes where `index` is left out; that one itself where it is alone. */
function bestOther(scores: Float64Array, start: number, offsets: readonly number[], index: number): Rival {
  let best = { index, score: -Infinity };
  for (let other = 0; other < offsets.length; other++) {
    const score = scores[start + other]! + offsets[other]!;
    if (other !== index && score > best.score) best = { index: other, score };
  }
  return best;
}

/** The first place of the grid at whose offset the class wins against its rival, as the arg max decides. */
function firstWin(score: number, index: number, rival: Rival): number {
  const wins = (offset: number): boolean =>
    index < rival.index ? score + offset >= rival.score : score + offset > rival.score;
  let [low, high] = [0, grid.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (wins(grid[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The class with the largest log probability and offset; the plain arg max where nothing could be tuned. */
export const byOffsets: Decider<readonly number[]> = {
  tune: (probabilities, labels, width) => tuneOffsets(probabilities, labels, width).offsets,
  decide: (probabilities, width, offsets) =>
    oneHot(argMax(logProbabilities(probabilities), width, offsets), width),
};
