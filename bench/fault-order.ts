import type { Dice } from './dice.js';

/** What a campaign does to a run, and how often relative to the others. */
export type FaultWeights<Kind extends string> = Readonly<Record<Kind, number>>;

/** Each kind once in random order, then by weight: so a short campaign, too, meets many. */
export class FaultOrder<Kind extends string> {
  private readonly first: Kind[];

  constructor(
    private readonly dice: Dice,
    private readonly weights: FaultWeights<Kind>,
  ) {
    const kinds = Object.keys(weights) as Kind[];
    const left = [...kinds];
    this.first = kinds.map(() => left.splice(Math.floor(dice.between(0, left.length)), 1)[0]!);
  }

  next(): Kind {
    return this.first.shift() ?? this.dice.weighted(this.weights);
  }

  /** Puts a kind back that could not be done just then. */
  again(kind: Kind): void {
    this.first.push(kind);
  }
}
