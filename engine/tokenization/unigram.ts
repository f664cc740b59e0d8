import { codePointBytes, inBytes } from './sentencepiece-normalizer.js';
import type { Piece, SentencePieceModel } from './sentencepiece-model.js';
import { TextTrie } from './text-trie.js';

/** How much less likely than the least likely piece an unknown character is (unigram_model.cc). */
const unknownPenalty = 10;

/** Beyond it, scores of the paths begin anew from 0. */
const scoreReset = 100_000;

/** The largest float32: the least score where there is no normal piece. */
const largest = 3.4028234663852886e38;

/**
 * The most likely pieces of a normalised text: Viterbi's algorithm as the sentencepiece library 0.2.3
 * runs it, in float32 and with its rules for ties, so that the ids are the same.
 */
export class Unigram {
  readonly #trie: TextTrie;
  readonly #scores: Float32Array;
  readonly #userDefined: ReadonlySet<number>;
  readonly #unknownScore: number;
  readonly #unkId: number;
  /** Ids of the pieces for single bytes; empty without byte fallback. */
  readonly #bytes: readonly number[];

  constructor(where: string, { pieces, unkId, byteFallback }: SentencePieceModel) {
    this.#trie = new TextTrie(where);
    this.#scores = Float32Array.from(pieces, ({ score }) => score);
    this.#userDefined = new Set(pieces.flatMap(({ kind }, id) => (kind === 'userDefined' ? [id] : [])));
    const least = pieces.reduce(
      (lowest, { kind, score }) => (kind === 'normal' ? Math.min(lowest, score) : lowest),
      largest,
    );
    this.#unknownScore = Math.fround(Math.fround(least) - unknownPenalty);
    this.#unkId = unkId;
    this.#bytes = byteFallback ? byteIds(pieces) : [];
    pieces.forEach(({ text, kind }, id) => {
      if (kind === 'normal' || kind === 'userDefined') this.#trie.add(inBytes(text), id);
    });
  }

  /** Ids of the pieces of a normalised text, given a character for each byte. */
  encode(text: string): number[] {
    const ids: number[] = [];
    let afterUnknown = false;
    for (const { id, start, end } of this.#bestPath(text)) {
      const unknown = id === this.#unkId;
      if (unknown && this.#bytes.length > 0) {
        for (let at = start; at < end; at++) ids.push(this.#bytes[text.charCodeAt(at)] as number);
      } else if (!unknown || !afterUnknown) ids.push(id);
      afterUnknown = unknown;
    }
    return ids;
  }

  #bestPath(text: string): { id: number; start: number; end: number }[] {
    const score = new Float32Array(text.length + 1);
    const from = new Int32Array(text.length + 1).fill(-1);
    const piece = new Int32Array(text.length + 1);
    let frontier = 0;
    const offer = (start: number, end: number, id: number, pieceScore: number): void => {
      frontier = Math.max(frontier, end);
      const candidate = Math.fround(pieceScore + (score[start] as number));
      if (from[end] !== -1 && !(candidate > (score[end] as number))) return;
      score[end] = candidate;
      from[end] = start;
      piece[end] = id;
    };
    for (let start = 0; start < text.length;) {
      const offset = score[start] as number;
      if (Math.abs(offset) > scoreReset) {
        for (let at = start; at <= frontier; at++) {
          if (at === start || from[at] !== -1) score[at] = (score[at] as number) - offset;
        }
      }
      const next = Math.min(start + codePointBytes(text.charCodeAt(start)), text.length);
      let single = false;
      this.#trie.walk(text, start, (id, end) => {
        offer(start, end, id, this.#scoreOf(id, end - start));
        single ||= end === next;
      });
      if (!single) offer(start, next, this.#unkId, this.#unknownScore);
      start = next;
    }
    return backtrack(from, piece);
  }

  /** A user-defined symbol is preferred to other pieces of the same text, the longest most. */
  #scoreOf(id: number, length: number): number {
    return this.#userDefined.has(id) ? Math.fround(0.1 * (length - 1)) : (this.#scores[id] as number);
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
  return Array.from(
    { length: 256 },
    (_, byte) => ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`) as number,
  );
}
