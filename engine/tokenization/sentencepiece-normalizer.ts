import { InputFault } from '../../errors/fault.js';
import type { Normalization } from './sentencepiece-model.js';

/** U+2581, which stands for a space among the pieces, in UTF-8. */
const escapedSpace = [0xe2, 0x96, 0x81];

const space = 0x20;

/** The library looks at no more matching prefixes than this. */
const maxMatches = 32;

/**
 * SentencePiece's own normaliser (normalizer.cc), on UTF-8 as there: at each place the longest
 * prefix with a replacement is replaced; spaces are trimmed, merged and escaped.
 */
export class SentencePieceNormalizer {
  readonly #spec: Normalization;
  readonly #replacements: Replacements | undefined;
  readonly #verbatim: readonly Buffer[];

  /** @param verbatim user-defined symbols, which are kept as they are */
  constructor(where: string, spec: Normalization, verbatim: readonly string[]) {
    this.#spec = spec;
    this.#replacements = spec.charsMap.length === 0 ? undefined : readReplacements(where, spec.charsMap);
    this.#verbatim = verbatim
      .map((symbol) => Buffer.from(symbol))
      .filter((symbol) => symbol.length > 0)
      .sort((a, b) => b.length - a.length);
  }

  normalize(text: string): string {
    const input = Buffer.from(text);
    const { removeExtraWhitespaces, addDummyPrefix, whitespaceAsSuffix } = this.#spec;
    const mark = this.#spec.escapeWhitespaces ? escapedSpace : [space];
    let at = removeExtraWhitespaces ? this.#skipSpaces(input) : 0;
    if (at >= input.length) return '';
    const output: number[] = addDummyPrefix && !whitespaceAsSuffix ? [...mark] : [];
    let afterSpace = removeExtraWhitespaces;
    while (at < input.length) {
      const { bytes, consumed } = this.#prefix(input, at);
      at += consumed;
      let from = 0;
      while (afterSpace && bytes[from] === space) from++;
      if (from === bytes.length) continue;
      for (const byte of bytes.subarray(from)) {
        if (byte === space) output.push(...mark);
        else output.push(byte);
      }
      afterSpace = removeExtraWhitespaces && bytes[bytes.length - 1] === space;
    }
    if (removeExtraWhitespaces) trimEnd(output, mark);
    if (addDummyPrefix && whitespaceAsSuffix) output.push(...mark);
    return Buffer.from(output).toString('utf8');
  }

  #skipSpaces(input: Buffer): number {
    let at = 0;
    while (at < input.length) {
      const { bytes, consumed } = this.#prefix(input, at);
      if (bytes.length !== 1 || bytes[0] !== space) break;
      at += consumed;
    }
    return at;
  }

  /** What stands for the input at that place, and how many bytes of it that takes. */
  #prefix(input: Buffer, at: number): { bytes: Buffer; consumed: number } {
    const symbol = this.#verbatim.find((bytes) => input.subarray(at, at + bytes.length).equals(bytes));
    if (symbol !== undefined) return { bytes: symbol, consumed: symbol.length };
    const replaced = this.#replacements?.longest(input, at);
    if (replaced !== undefined) return replaced;
    const consumed = codePointBytes(input[at] as number);
    return { bytes: input.subarray(at, at + consumed), consumed };
  }
}

function trimEnd(output: number[], mark: readonly number[]): void {
  const endsWithMark = (): boolean =>
    output.length >= mark.length && mark.every((byte, i) => output[output.length - mark.length + i] === byte);
  while (endsWithMark()) output.length -= mark.length;
}

/** Length of a UTF-8 sequence by its first byte. */
function codePointBytes(first: number): number {
  if (first < 0x80) return 1;
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
    for (let at = start, matches = 0; at < input.length && matches < maxMatches; at++) {
      const label = input[at] as number;
      node ^= label;
      const unit = this.unit(node);
      // A leaf's value has the highest bit set, so that it equals no label.
      if ((unit & 0x800000ff) !== label) break;
      node ^= offsetOf(unit);
      if (((unit >>> 8) & 1) === 0) continue;
      found = { value: this.unit(node) & 0x7fffffff, end: at + 1 };
      matches++;
    }
    if (found === undefined) return undefined;
    const end = this.texts.indexOf(0, found.value);
    return {
      bytes: this.texts.subarray(found.value, end < 0 ? undefined : end),
      consumed: found.end - start,
    };
  }

  private unit(index: number): number {
    return this.units[index >>> 0] ?? 0;
  }
}

/** Where a unit's children begin, relative to it. */
function offsetOf(unit: number): number {
  return ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
}

/** The layout of `precompiled_charsmap`: size of the trie in bytes, the trie, the replacements. */
function readReplacements(where: string, charsMap: Buffer): Replacements {
  const trieBytes = charsMap.length < 4 ? -1 : charsMap.readUInt32LE(0);
  if (trieBytes < 4 || trieBytes % 4 !== 0 || 4 + trieBytes >= charsMap.length) {
    throw new InputFault({ where, what: 'the normaliser of the SentencePiece model is damaged' });
  }
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, index) =>
    charsMap.readUInt32LE(4 + index * 4),
  );
  return new Replacements(units, charsMap.subarray(4 + trieBytes));
}
