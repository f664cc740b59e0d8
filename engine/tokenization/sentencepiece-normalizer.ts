import { readReplacements, type Replacements } from './replacements.js';
import type { Normalization } from './sentencepiece-model.js';
import { TextTrie } from './text-trie.js';

/** U+2581, which stands for a space among the pieces, in UTF-8, a character for each byte. */
export const escapedSpace = '\u00e2\u0096\u0081';

const space = 0x20;

/** The library looks at no more symbols that begin at a place than this. */
const maxSymbols = 64;

/**
 * SentencePiece's own normaliser (normalizer.cc), on UTF-8 as there: at each place the longest
 * prefix with a replacement is replaced; spaces are trimmed, merged and escaped.
 */
export class SentencePieceNormalizer {
  readonly #spec: Normalization;
  readonly #replacements: Replacements | undefined;
  readonly #verbatim: TextTrie | undefined;

  /** @param verbatim user-defined symbols, which are kept as they are */
  constructor(where: string, spec: Normalization, verbatim: readonly string[]) {
    this.#spec = spec;
    this.#replacements = spec.charsMap.length === 0 ? undefined : readReplacements(where, spec.charsMap);
    this.#verbatim = verbatim.length === 0 ? undefined : new TextTrie(where);
    for (const symbol of verbatim) this.#verbatim?.add(inBytes(symbol), 0);
  }

  /** The normalised text in UTF-8, a character for each byte. */
  normalize(text: string): string {
    const input = Buffer.from(text);
    const characters = input.toString('latin1');
    const { removeExtraWhitespaces, addDummyPrefix, whitespaceAsSuffix, escapeWhitespaces } = this.#spec;
    const mark = escapeWhitespaces ? escapedSpace : ' ';
    let at = removeExtraWhitespaces ? this.#skipSpaces(input, characters) : 0;
    if (at >= input.length) return '';
    const output: string[] = addDummyPrefix && !whitespaceAsSuffix ? [mark] : [];
    let afterSpace = removeExtraWhitespaces;
    while (at < input.length) {
      const { bytes, consumed } = this.#prefix(input, characters, at);
      at += consumed;
      let from = 0;
      while (afterSpace && bytes[from] === space) from++;
      if (from === bytes.length) continue;
      const kept = bytes.toString('latin1', from);
      output.push(escapeWhitespaces ? kept.replaceAll(' ', mark) : kept);
      afterSpace = removeExtraWhitespaces && bytes[bytes.length - 1] === space;
    }
    const trimmed = removeExtraWhitespaces ? trimEnd(output.join(''), mark) : output.join('');
    return addDummyPrefix && whitespaceAsSuffix ? trimmed + mark : trimmed;
  }

  #skipSpaces(input: Buffer, characters: string): number {
    let at = 0;
    while (at < input.length) {
      const { bytes, consumed } = this.#prefix(input, characters, at);
      if (bytes.length !== 1 || bytes[0] !== space) break;
      at += consumed;
    }
    return at;
  }

  /** What stands for the input at that place, and how many bytes of it that takes. */
  #prefix(input: Buffer, characters: string, at: number): { bytes: Buffer; consumed: number } {
    const symbol = this.#verbatim?.longest(characters, at, maxSymbols);
    if (symbol !== undefined) return { bytes: input.subarray(at, symbol.end), consumed: symbol.end - at };
    const replaced = this.#replacements?.longest(input, at);
    if (replaced !== undefined) return replaced;
    const consumed = codePointBytes(input[at] as number);
    return { bytes: input.subarray(at, at + consumed), consumed };
  }
}

/** A text's UTF-8, a character for each byte: what tries and paths are over. */
export function inBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function trimEnd(text: string, mark: string): string {
  let end = text.length;
  while (end >= mark.length && text.startsWith(mark, end - mark.length)) end -= mark.length;
  return text.slice(0, end);
}

/** Length of a UTF-8 sequence by its first byte. */
export function codePointBytes(first: number): number {
  if (first < 0xc0) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}
