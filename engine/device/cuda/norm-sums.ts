/** The threads that add up the squares of all gradients: they alone decide the order, whatever the card. */
export const squaring = { blocks: 1024, threadsOfBlock: 256 } as const;

/** So many sums are added up by one thread, in rounds, until there are no more than that. */
export const sumsOfThread = 64;

/** How many sums there are after each round: first those of the squares. */
export const sumCounts: readonly number[] = counts(squaring.blocks * squaring.threadsOfBlock);

const numbersOfNorm = sumCounts.reduce((all, count) => all + count, 0) + 2;

/** What the sums take, the norm and the factor that is computed of it: float64 each. */
export const bytesOfNorm = numbersOfNorm * Float64Array.BYTES_PER_ELEMENT;

function counts(count: number): number[] {
  return count <= sumsOfThread ? [count] : [count, ...counts(count / sumsOfThread)];
}
