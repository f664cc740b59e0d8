import { InputFault } from '../../errors/fault.js';
import type { Normalization } from './sentencepiece-model.js';
import { TextTrie } from './text-trie.js';

/** U+2581, which stands for a space among the pieces, in UTF-8, a character for each byte. */
export const escapedSpace = '\u00e2\u0096\u0081';

const space = 0x20;

/** The library looks at no more matching prefixes than this: of the replacements, of the symbols. */
const maxMatches = { replacements: 32, symbols: 64 };

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
    const symbol = this.#verbatim?.longest(characters, at, maxMatches.symbols);
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

/** A darts-clone double array, and the replacements its values point into, each ended by a zero byte. */
class Replacements {
  constructor(
    private readonly units: Uint32Array,
    private readonly texts: Buffer,
  ) {}

  longest(input: Buffer, start: number): { bytes: Buffer; consumed: number } | undefined {
    let found: { value: number; end: number } | undefined;
    let node = offsetOf(this.unit(0));
    for (let at = start, matches = 0; at < input.length && matches < maxMatches.replacements; at++) {
      const label = input[at] as number;
      node ^= label;
      const unit = this.unit(node);
      // A leaf's value has the highest bit set, so that it equals no label.
      if ((unit & 0x800000ff) !== label) break;
      node ^= offsetOf(unit);
      if (!hasLeaf(unit)) continue;
      found = { value: valueOf(this.unit(node)), end: at + 1 };
      matches++;
    }
    if (found === undefined) return undefined;
    const end = this.texts.indexOf(0, found.value);
    return { bytes: this.texts.subarray(found.value, end), consumed: found.end - start };
  }

  /** Whether no walk leaves the array or the texts (`validate` of darts.h). */
  isWhole(): boolean {
    const root = this.unit(0);
    const size = this.units.length;
    if (labelOf(root) !== 0 || hasLeaf(root) || offsetOf(root) === 0 || (offsetOf(root) | 0xff) >= size)
      return false;
    return this.units.every((unit, index) => {
      if (labelOf(unit) > 0xff) return valueOf(unit) < this.texts.length;
      const child = (index ^ offsetOf(unit)) >>> 0;
      if ((child | 0xff) >>> 0 >= size) return false;
      return index === 0 || !hasLeaf(unit) || labelOf(this.unit(child)) > 0xff;
    });
  }

  private unit(index: number): number {
    return this.units[index >>> 0] ?? 0;
  }
}

/** Where a unit's children begin, relative to it. */
function offsetOf(unit: number): number {
  return ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
}

function labelOf(unit: number): number {
  return (unit & 0x800000ff) >>> 0;
}

function hasLeaf(unit: number): boolean {
  return ((unit >>> 8) & 1) === 1;
}

function valueOf(unit: number): number {
  return unit & 0x7fffffff;
}

/** The layout of `precompiled_charsmap`: size of the trie in bytes, the trie, the replacements. */
function readReplacements(where: string, charsMap: Buffer): Replacements {
  const trieBytes = charsMap.length < 4 ? 0 : charsMap.readUInt32LE(0);
  const texts = charsMap.subarray(4 + trieBytes);
  // An array is made of blocks of 256 units.
  if (trieBytes > 0 && trieBytes % 1024 === 0 && texts.at(-1) === 0) {
    const units = Uint32Array.from({ length: trieBytes / 4 }, (_, index) =>
      charsMap.readUInt32LE(4 + index * 4),
    );
    const replacements = new Replacements(units, texts);
    if (replacements.isWhole()) return replacements;
  }
  throw new InputFault({
    where,
    what: 'the normaliser of the SentencePiece model is damaged',
    remedy: 'Download or copy the checkpoint again.',
  });
}
