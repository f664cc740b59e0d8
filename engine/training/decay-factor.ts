/**
 * What is left of a weight that only decays, after the given learning rates (float64).
 *
 * @param averageShare by what share the average of the weights moves after a step, counted from 0; the average is
 *   what is asked for where it ever moves
 */
export function decayFactor(
  learningRates: Iterable<number>,
  weightDecay: number,
  averageShare: (step: number) => number | null = () => null,
): number {
  let factor = 1;
  let average: number | null = null;
  let step = 0;
  for (const rate of learningRates) {
    factor *= 1 - rate * weightDecay;
    const share = averageShare(step++);
    if (share !== null) average = (1 - share) * (average ?? 1) + share * factor;
  }
  return average ?? factor;
}
