/** A word as its symbols, null where a symbol is not in the alphabet, and how often it occurs. */
export interface CountedWord {
  readonly symbols: readonly (string | null)[];
  readonly count: number;
}

/**
 * Byte-pair merging: again and again joins the most frequent neighbours, and yields each new piece
 * once, `limit` pieces at most. Equal counts go to the pair with the smaller code units. Different
 * pairs may make the same piece.
 */
export function learnMerges(
  words: readonly CountedWord[],
  join: (left: string, right: string) => string,
  limit: number,
): string[] {
  const pairs = new PairCounts(words);
  const pieces = new Set<string>();
  while (pieces.size < limit) {
    const pair = pairs.takeMostFrequent();
    if (pair === undefined) break;
    const piece = join(pair.left, pair.right);
    pieces.add(piece);
    pairs.merge(pair, piece);
  }
  return [...pieces];
}

interface Pair {
  readonly left: string;
  readonly right: string;
  count: number;
  /** Indices of the words that hold the pair, or held it. */
  readonly words: Set<number>;
}

interface Candidate {
  readonly pair: Pair;
  /** The pair's count when it was put into the heap; the candidate is stale once they differ. */
  readonly count: number;
}

class PairCounts {
  readonly #words: (string | null)[][];
  readonly #counts: readonly number[];
  readonly #pairs = new Map<string, Map<string, Pair>>();
  readonly #heap = new CandidateHeap();

  constructor(words: readonly CountedWord[]) {
    this.#words = words.map(({ symbols }) => [...symbols]);
    this.#counts = words.map(({ count }) => count);
    const touched = new Set<Pair>();
    this.#words.forEach((_, index) => this.#count(index, 1, touched));
    this.#offer(touched);
  }

  takeMostFrequent(): Pair | undefined {
    for (;;) {
      const candidate = this.#heap.pop();
      if (candidate === undefined || candidate.pair.count === candidate.count) return candidate?.pair;
    }
  }

  merge(pair: Pair, piece: string): void {
    const touched = new Set<Pair>();
    for (const index of pair.words) {
      this.#count(index, -1, touched);
      this.#words[index] = joined(this.#words[index] as (string | null)[], pair, piece);
      this.#count(index, 1, touched);
    }
    this.#offer(touched);
  }

  #count(index: number, sign: 1 | -1, touched: Set<Pair>): void {
    const symbols = this.#words[index] as (string | null)[];
    for (let at = 1; at < symbols.length; at++) {
      const left = symbols[at - 1] as string | null;
      const right = symbols[at] as string | null;
      if (left === null || right === null) continue;
      const pair = this.#pair(left, right);
      pair.count += sign * (this.#counts[index] as number);
      if (sign > 0) pair.words.add(index);
      touched.add(pair);
    }
  }

  #pair(left: string, right: string): Pair {
    const rights = this.#pairs.get(left) ?? new Map<string, Pair>();
    this.#pairs.set(left, rights);
    const pair = rights.get(right) ?? { left, right, count: 0, words: new Set<number>() };
    rights.set(right, pair);
    return pair;
  }

  #offer(pairs: ReadonlySet<Pair>): void {
    for (const pair of pairs) if (pair.count > 0) this.#heap.push({ pair, count: pair.count });
  }
}

function joined(
  symbols: readonly (string | null)[],
  { left, right }: Pair,
  piece: string,
): (string | null)[] {
  const result: (string | null)[] = [];
  for (let at = 0; at < symbols.length; at++) {
    const found = symbols[at] === left && symbols[at + 1] === right;
    result.push(found ? piece : (symbols[at] as string | null));
    if (found) at++;
  }
  return result;
}

/** A binary heap, the most frequent pair on top; a total order, so that insertion order is forgotten. */
class CandidateHeap {
  readonly #items: Candidate[] = [];

  push(candidate: Candidate): void {
    let at = this.#items.push(candidate) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(candidate, this.#items[parent] as Candidate)) break;
      this.#items[at] = this.#items[parent] as Candidate;
      at = parent;
    }
    this.#items[at] = candidate;
  }

  pop(): Candidate | undefined {
    const top = this.#items[0];
    const last = this.#items.pop();
    if (top === undefined || last === undefined || this.#items.length === 0) return top;
    let at = 0;
    for (;;) {
      const child = this.#firstChild(at);
      if (child === undefined || !before(this.#items[child] as Candidate, last)) break;
      this.#items[at] = this.#items[child] as Candidate;
      at = child;
    }
    this.#items[at] = last;
    return top;
  }

  #firstChild(at: number): number | undefined {
    const left = 2 * at + 1;
    if (left >= this.#items.length) return undefined;
    const right = left + 1;
    if (right >= this.#items.length) return left;
    return before(this.#items[right] as Candidate, this.#items[left] as Candidate) ? right : left;
  }
}

function before(a: Candidate, b: Candidate): boolean {
  if (a.count !== b.count) return a.count > b.count;
  if (a.pair.left !== b.pair.left) return a.pair.left < b.pair.left;
  return a.pair.right < b.pair.right;
}
