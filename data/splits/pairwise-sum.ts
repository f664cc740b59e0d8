/** NumPy sums up to so many numbers in eight lanes, and more in two halves. */
const mostOfBlock = 128;
const lanes = 8;

interface Node {
  readonly start: number;
  readonly end: number;
  readonly halves: readonly [Node, Node] | null;
  sum: number;
}

/**
 * The sum of numbers of which some change, with the bits that NumPy's pairwise summation gives: where folds are
 * equally good but for rounding, these decide which is taken. A change costs one block and the way up to the root.
 */
export class PairwiseSum {
  private readonly root: Node;

  constructor(private readonly values: Float64Array) {
    this.root = this.made(0, values.length);
  }

  get sum(): number {
    return this.root.sum;
  }

  /** Takes up what has changed at these places of the values. */
  update(places: readonly number[]): void {
    for (const place of places) this.updateAt(this.root, place);
  }

  private made(start: number, end: number): Node {
    const length = end - start;
    if (length <= mostOfBlock) return { start, end, halves: null, sum: blockSum(this.values, start, end) };
    const middle = middleOf(start, end);
    const halves = [this.made(start, middle), this.made(middle, end)] as const;
    return { start, end, halves, sum: halves[0].sum + halves[1].sum };
  }

  private updateAt(node: Node, place: number): void {
    if (node.halves === null) {
      node.sum = blockSum(this.values, node.start, node.end);
      return;
    }
    const [left, right] = node.halves;
    this.updateAt(place < right.start ? left : right, place);
    node.sum = left.sum + right.sum;
  }
}

export function pairwiseSum(values: Float64Array): number {
  return new PairwiseSum(values).sum;
}

/** The same sum of so many numbers that are equal but at some places, in the time that these take. */
export class SparsePairwiseSum {
  private readonly block = new Float64Array(mostOfBlock);
  /** Sums of the equal ones alone, by how many they are. */
  private readonly equal = new Map<number, number>();
  private others: ReadonlyMap<number, number> = new Map();
  private places: readonly number[] = [];
  private rest = 0;

  /** @param others by place */
  sum(length: number, rest: number, others: ReadonlyMap<number, number>): number {
    this.rest = rest;
    this.others = others;
    this.places = [...others.keys()].sort((one, other) => one - other);
    this.equal.clear();
    return this.part(0, length, 0, this.places.length);
  }

  /** @param first the first of the places that lie in the part @param last the one after them */
  private part(start: number, end: number, first: number, last: number): number {
    const length = end - start;
    if (first === last) {
      const known = this.equal.get(length);
      if (known !== undefined) return known;
    }
    const sum = length <= mostOfBlock ? this.ofBlock(start, end) : this.ofHalves(start, end, first, last);
    if (first === last) this.equal.set(length, sum);
    return sum;
  }

  private ofHalves(start: number, end: number, first: number, last: number): number {
    const middle = middleOf(start, end);
    let between = first;
    while (between < last && this.places[between]! < middle) between++;
    return this.part(start, middle, first, between) + this.part(middle, end, between, last);
  }

  private ofBlock(start: number, end: number): number {
    for (let place = start; place < end; place++)
      this.block[place - start] = this.others.get(place) ?? this.rest;
    return blockSum(this.block, 0, end - start);
  }
}

function middleOf(start: number, end: number): number {
  const half = Math.floor((end - start) / 2);
  return start + half - (half % lanes);
}

function blockSum(values: Float64Array, start: number, end: number): number {
  const whole = end - ((end - start) % lanes);
  if (end - start < lanes) return sequential(values, start, end, 0);
  const lane = values.slice(start, start + lanes);
  for (let at = start + lanes; at < whole; at += lanes) {
    for (let each = 0; each < lanes; each++) lane[each]! += values[at + each]!;
  }
  const [a, b, c, d, e, f, g, h] = lane as unknown as Eight;
  return sequential(values, whole, end, a + b + (c + d) + (e + f + (g + h)));
}

type Eight = [number, number, number, number, number, number, number, number];

function sequential(values: Float64Array, start: number, end: number, from: number): number {
  let sum = from;
  for (let at = start; at < end; at++) sum += values[at]!;
  return sum;
}
