import { InputFault } from '../../errors/fault.js';

/** Twice what the largest vocabularies need; more would take up too much memory. */
const maxNodes = 4_000_000;

/** Of a table's places, a power of two, at most half are taken. */
const leastPlaces = 1024;

/** Texts with a number each. The nodes are in one hash table: there may be millions of them. */
export class TextTrie {
  /** By place: the node that is left, the code unit on the way, and the node that it leads to (0 for none). */
  #from = new Int32Array(leastPlaces);
  #unit = new Uint16Array(leastPlaces);
  #to = new Int32Array(leastPlaces);
  /** By node: its text's number plus 1. */
  #values = new Int32Array(leastPlaces);
  #nodes = 1;

  /** @param where what has the texts: named in the fault where there are too many */
  constructor(private readonly where: string) {}

  /** Of two values for a text the last counts. The empty text is none. */
  add(text: string, value: number): void {
    let node = 0;
    for (let at = 0; at < text.length; at++) node = this.#child(node, text.charCodeAt(at));
    if (node !== 0) this.#values[node] = value + 1;
  }

  /** Calls `found` for each text of the trie that begins at `start`, the shortest first. */
  walk(text: string, start: number, found: (value: number, end: number) => void): void {
    let node = 0;
    for (let at = start; at < text.length; at++) {
      node = this.#to[this.#place(node, text.charCodeAt(at))] as number;
      if (node === 0) return;
      const value = this.#values[node] as number;
      if (value > 0) found(value - 1, at + 1);
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
    const place = this.#place(node, unit);
    const known = this.#to[place] as number;
    if (known !== 0) return known;
    if (this.#nodes >= maxNodes) {
      throw new InputFault({
        where: this.where,
        what: 'the vocabulary is too large',
        expected: `at most ${maxNodes} different beginnings of its tokens`,
      });
    }
    const child = this.#nodes++;
    this.#from[place] = node;
    this.#unit[place] = unit;
    this.#to[place] = child;
    if (2 * this.#nodes > this.#to.length) this.#grow();
    return child;
  }

  /** Where the way from the node is, or would be put. */
  #place(node: number, unit: number): number {
    const mask = this.#to.length - 1;
    let place = (Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) >>> 7;
    for (place &= mask; this.#to[place] !== 0; place = (place + 1) & mask) {
      if (this.#from[place] === node && this.#unit[place] === unit) break;
    }
    return place;
  }

  #grow(): void {
    const [from, unit, to] = [this.#from, this.#unit, this.#to];
    const places = 2 * to.length;
    [this.#from, this.#unit, this.#to] = [
      new Int32Array(places),
      new Uint16Array(places),
      new Int32Array(places),
    ];
    to.forEach((child, old) => {
      if (child === 0) return;
      const place = this.#place(from[old] as number, unit[old] as number);
      this.#from[place] = from[old] as number;
      this.#unit[place] = unit[old] as number;
      this.#to[place] = child;
    });
    const values = this.#values;
    this.#values = new Int32Array(places);
    this.#values.set(values);
  }
}
