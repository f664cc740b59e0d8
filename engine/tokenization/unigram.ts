import type { Piece, SentencePieceModel } from './sentencepiece-model.js';

/** How much less likely than the least likely piece an unknown character is (unigram_model.cc). */
const unknownPenalty = 10;

/** Beyond all code units, so that a node and a unit make one key. */
const units = 65536;

/**
 * The most likely pieces of a normalised text: Viterbi's algorithm as the sentencepiece library runs
 * it, in float32 and with its rules for ties, so that the ids are the same.
 */
export class Unigram {
  readonly #trie = new PieceTrie();
  readonly #scores: Float32Array;
  readonly #userDefined: ReadonlySet<number>;
  readonly #unknownScore: number;
  readonly #bestScore: number;
  readonly #unkId: number;
  /** Ids of the pieces for single bytes; empty without byte fallback. */
  readonly #bytes: readonly number[];

  constructor({ pieces, unkId, byteFallback }: SentencePieceModel) {
    const normal = pieces.filter(({ kind }) => kind === 'normal').map(({ score }) => score);
    this.#scores = Float32Array.from(pieces, ({ score }) => score);
    this.#userDefined = new Set(pieces.flatMap(({ kind }, id) => (kind === 'userDefined' ? [id] : [])));
    this.#bestScore = normal.reduce((best, score) => Math.max(best, score), -Infinity);
    this.#unknownScore = Math.fround(
      normal.reduce((least, score) => Math.min(least, score), Infinity) - unknownPenalty,
    );
    this.#unkId = unkId;
    this.#bytes = byteFallback ? byteIds(pieces) : [];
    pieces.forEach(({ text, kind }, id) => {
      if (kind === 'normal' || kind === 'userDefined') this.#trie.add(text, id);
    });
  }

  /** Ids of the pieces of a normalised text. */
  encode(text: string): number[] {
    const ids: number[] = [];
    let afterUnknown = false;
    for (const { id, start, end } of this.#bestPath(text)) {
      const unknown = id === this.#unkId;
      if (unknown && this.#bytes.length > 0) {
        for (const byte of Buffer.from(text.slice(start, end))) ids.push(this.#bytes[byte] as number);
      } else if (!unknown || !afterUnknown) ids.push(id);
      afterUnknown = unknown;
    }
    return ids;
  }

  #bestPath(text: string): { id: number; start: number; end: number }[] {
    const score = new Float32Array(text.length + 1);
    const from = new Int32Array(text.length + 1).fill(-1);
    const piece = new Int32Array(text.length + 1);
    const offer = (start: number, end: number, id: number, pieceScore: number): void => {
      const candidate = Math.fround(pieceScore + (score[start] as number));
      if (from[end] !== -1 && !(candidate > (score[end] as number))) return;
      score[end] = candidate;
      from[end] = start;
      piece[end] = id;
    };
    for (let start = 0; start < text.length;) {
      const next = start + ((text.codePointAt(start) as number) < units ? 1 : 2);
      let single = false;
      this.#trie.walk(text, start, (id, end) => {
        offer(start, end, id, this.#scoreOf(id, text, start, end));
        single ||= end === next;
      });
      if (!single) offer(start, next, this.#unkId, this.#unknownScore);
      start = next;
    }
    return backtrack(from, piece);
  }

  /** A user-defined symbol is always preferred to other pieces of the same text. */
  #scoreOf(id: number, text: string, start: number, end: number): number {
    if (!this.#userDefined.has(id)) return this.#scores[id] as number;
    return Math.fround(
      Math.fround(Buffer.byteLength(text.slice(start, end)) * this.#bestScore) - Math.fround(0.1),
    );
  }
}

function backtrack(from: Int32Array, piece: Int32Array): { id: number; start: number; end: number }[] {
  const path: { id: number; start: number; end: number }[] = [];
  for (let end = from.length - 1; end > 0;) {
    const start = from[end] as number;
    path.push({ id: piece[end] as number, start, end });
    end = start;
  }
  return path.reverse();
}

function byteIds(pieces: readonly Piece[]): number[] {
  const ids = new Map(pieces.flatMap(({ text, kind }, id) => (kind === 'byte' ? [[text, id] as const] : [])));
  return Array.from({ length: 256 }, (_, byte) => {
    const id = ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
    if (id === undefined) throw new RangeError(`no piece for byte ${byte}`);
    return id;
  });
}

/** All pieces in one map from (node, code unit) to node: a vocabulary has hundreds of thousands of nodes. */
class PieceTrie {
  readonly #children = new Map<number, number>();
  readonly #ids: number[] = [-1];

  add(text: string, id: number): void {
    let node = 0;
    for (let at = 0; at < text.length; at++) {
      const key = node * units + text.charCodeAt(at);
      let child = this.#children.get(key);
      if (child === undefined) {
        child = this.#ids.push(-1) - 1;
        this.#children.set(key, child);
      }
      node = child;
    }
    if (node !== 0) this.#ids[node] = id;
  }

  /** Calls `found` for each piece that begins at `start`, the shortest first. */
  walk(text: string, start: number, found: (id: number, end: number) => void): void {
    let node = 0;
    for (let at = start; at < text.length; at++) {
      const child = this.#children.get(node * units + text.charCodeAt(at));
      if (child === undefined) return;
      node = child;
      const id = this.#ids[node] as number;
      if (id >= 0) found(id, at + 1);
    }
  }
}
