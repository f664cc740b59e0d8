import type { Dice } from './dice.js';

/** What a campaign does to a run, and how often relative to the others. */
export type FaultWeights<Kind extends string> = Readonly<Record<Kind, number>>;

/**
 * Each kind once in random order, then each as often as its weight, again and again: so a short campaign, too,
 * meets many, and a long one none too seldom.
 */
export class FaultOrder<Kind extends string> {
  private readonly kinds: readonly Kind[];
  private ahead: Kind[];

  constructor(
    private readonly dice: Dice,
    private readonly weights: FaultWeights<Kind>,
  ) {
    this.kinds = Object.keys(weights) as Kind[];
    this.ahead = dice.shuffled(this.kinds);
  }

  next(): Kind {
    if (this.ahead.length === 0)
      this.ahead = this.dice.shuffled(
        this.kinds.flatMap((kind) => new Array<Kind>(this.weights[kind]).fill(kind)),
      );
    return this.ahead.shift()!;
  }

  /** Puts a kind back that could not be done just then. */
  again(kind: Kind): void {
    this.ahead.push(kind);
  }
}
