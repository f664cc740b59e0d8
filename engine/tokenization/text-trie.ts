import { InputFault } from '../../errors/fault.js';

/** Beyond all code units, so that a node and a unit make one key. */
const units = 65536;

/** Two or three times what the largest vocabularies need; more would take up too much memory. */
const maxNodes = 6_000_000;

/** Texts with a number each, in one map from (node, code unit) to node: there may be a million of them. */
export class TextTrie {
  readonly #children = new Map<number, number>();
  readonly #values: number[] = [-1];

  /** @param where what has the texts: named in the fault where there are too many */
  constructor(private readonly where: string) {}

  /** Of two values for a text the last counts. The empty text is none. */
  add(text: string, value: number): void {
    let node = 0;
    for (let at = 0; at < text.length; at++) node = this.#child(node, text.charCodeAt(at));
    if (node !== 0) this.#values[node] = value;
  }

  /** Calls `found` for each text of the trie that begins at `start`, the shortest first. */
  walk(text: string, start: number, found: (value: number, end: number) => void): void {
    let node = 0;
    for (let at = start; at < text.length; at++) {
      const child = this.#children.get(node * units + text.charCodeAt(at));
      if (child === undefined) return;
      node = child;
      const value = this.#values[node] as number;
      if (value >= 0) found(value, at + 1);
    }
  }

  /** The longest text of the trie that begins at `start`, of the `most` shortest. */
  longest(
    text: string,
    start: number,
    most = Infinity,
  ): { readonly value: number; readonly end: number } | undefined {
    let longest: { value: number; end: number } | undefined;
    let count = 0;
    this.walk(text, start, (value, end) => {
      if (count++ < most) longest = { value, end };
    });
    return longest;
  }

  #child(node: number, unit: number): number {
    const key = node * units + unit;
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    if (this.#values.length > maxNodes) {
      throw new InputFault({
        where: this.where,
        what: 'the vocabulary is too large',
        expected: `at most ${maxNodes} different beginnings of its tokens`,
      });
    }
    const child = this.#values.push(-1) - 1;
    this.#children.set(key, child);
    return child;
  }
}
