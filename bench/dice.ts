import { uniform } from '../engine/kernels/philox.js';

/** Word 1 of Philox's key, so that the campaign's draws are no fold's. */
const stream = 0x6661756c;

/** Draws in a row, the same for the same seed. */
export class Dice {
  private next = 0;

  constructor(private readonly seed: number) {}

  /** In [from, to). */
  between(from: number, to: number): number {
    const [draw = 0] = uniform(1, [this.seed, stream], [this.next++, 0, 0]);
    return from + draw * (to - from);
  }

  /** One of them, each equally likely; undefined where there is none. */
  one<T>(choices: readonly T[]): T | undefined {
    return choices[Math.floor(this.between(0, choices.length))];
  }

  /** All of them, in random order. */
  shuffled<T>(values: readonly T[]): T[] {
    const left = [...values];
    return values.map(() => left.splice(Math.floor(this.between(0, left.length)), 1)[0]!);
  }

  /** A key, as likely as its weight. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.between(
      0,
      entries.reduce((sum, [, weight]) => sum + weight, 0),
    );
    for (const [key, weight] of entries) if ((left -= weight) < 0) return key;
    return entries[entries.length - 1]![0];
  }
}
