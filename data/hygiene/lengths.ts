import { z } from 'zod';

const length = z.number().min(0);

/** How long texts are, in characters or tokens. */
export const lengthsSchema = z.object({
  mean: length,
  /** Percentiles: half of the texts are as long as `median` or shorter. */
  median: length,
  p95: length,
  p99: length,
  longest: length,
});
export type LengthSummary = Readonly<z.output<typeof lengthsSchema>>;

/** Counts of lengths: a number for each that occurs, and a table of 2 GiB cannot have many. */
export class Lengths {
  private readonly counts = new Map<number, number>();
  private total = 0;
  private sum = 0;

  add(length: number): void {
    this.counts.set(length, (this.counts.get(length) ?? 0) + 1);
    this.total++;
    this.sum += length;
  }

  /** Zeros without a text. */
  summary(): LengthSummary {
    const sorted = this.sorted();
    const at = (share: number): number => {
      let seen = 0;
      for (const [length, count] of sorted) {
        seen += count;
        if (seen >= share * this.total) return length;
      }
      return 0;
    };
    const mean = this.total === 0 ? 0 : this.sum / this.total;
    const longest = sorted.at(-1)?.[0] ?? 0;
    return { mean, median: at(0.5), p95: at(0.95), p99: at(0.99), longest };
  }

  /** How far two distributions are apart: the statistic of Kolmogorov and Smirnov, 0 to 1; 0 where one is empty. */
  distanceTo(other: Lengths): number {
    if (this.total === 0 || other.total === 0) return 0;
    const lengths = [...new Set([...this.counts.keys(), ...other.counts.keys()])].sort((a, b) => a - b);
    let [here, there, farthest] = [0, 0, 0];
    for (const length of lengths) {
      here += (this.counts.get(length) ?? 0) / this.total;
      there += (other.counts.get(length) ?? 0) / other.total;
      farthest = Math.max(farthest, Math.abs(here - there));
    }
    // Sums of shares are off by their last bits.
    return Math.min(1, Math.round(farthest * 1e9) / 1e9);
  }

  private sorted(): [length: number, count: number][] {
    return [...this.counts].sort(([a], [b]) => a - b);
  }
}
