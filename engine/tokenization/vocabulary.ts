import { bertNormalizer, bertPreTokenizer } from 'tokenizers';
import { InputFault } from '../../errors/fault.js';
import { defaultSpecialTokens } from './contract.js';
import { learnMerges, type CountedWord } from './merges.js';
import { wordPieceTokenizer } from './wordpiece.js';

export interface VocabularyOptions {
  /** Entries in all, special tokens included. */
  readonly size: number;
  /** `bert` lowers the case and strips accents, as the uncased models do; `deberta-v2` keeps both. */
  readonly type: 'bert' | 'deberta-v2';
}

/** In order of their ids, as DeBERTa-v3 has the first four. */
const specialTokens = [
  defaultSpecialTokens.pad,
  defaultSpecialTokens.cls,
  defaultSpecialTokens.sep,
  defaultSpecialTokens.unk,
  defaultSpecialTokens.mask,
];

/** Longer words are noise; the tokenizer itself gives up at this length. */
const maxWordLength = 100;

const continuation = '##';

/**
 * Learns a WordPiece vocabulary of exactly `size` entries; returns a `tokenizer.json`.
 *
 * The special tokens come first, then the characters (at most half of the rest, the most frequent
 * ones), then pieces in the order that byte-pair merging by count finds them (Sennrich et al. 2016,
 * over characters). Equal counts go by code units, so texts and options alone decide the bytes. Where
 * the texts hold too little, `[unused0]`, `[unused1]` … fill the rest.
 */
export function learnVocabulary(texts: Iterable<string>, { size, type }: VocabularyOptions): string {
  const least = specialTokens.length + 1;
  if (!Number.isInteger(size) || size < least) {
    throw new InputFault({
      where: 'model.scratch.vocabulary',
      what: 'the vocabulary is too small',
      expected: `at least ${least}`,
      found: `${size}`,
    });
  }
  const lowercase = type === 'bert';
  const words = countWords(texts, lowercase);
  const alphabet = chooseAlphabet(words, Math.max(1, Math.floor((size - specialTokens.length) / 2)));
  const known = new Set(alphabet);
  const spelt = words
    .map(({ symbols, count }) => ({
      symbols: symbols.map((symbol) => (known.has(symbol) ? symbol : null)),
      count,
    }))
    .filter(({ symbols }) => symbols.length > 1);
  const tokens = new Set([...specialTokens, ...alphabet]);
  for (const piece of learnMerges(spelt, join, size - tokens.size)) tokens.add(piece);
  for (let number = 0; tokens.size < size; number++) tokens.add(`[unused${number}]`);
  return JSON.stringify(
    wordPieceTokenizer([...tokens], { lowercase, stripAccents: null, handleChineseChars: true }),
  );
}

/** The words, split as BERT splits them, in order of their code units; spelt with the continuation mark. */
function countWords(
  texts: Iterable<string>,
  lowercase: boolean,
): { symbols: readonly string[]; count: number }[] {
  const normalizer = bertNormalizer({
    cleanText: true,
    handleChineseChars: true,
    stripAccents: lowercase,
    lowercase,
  });
  const splitter = bertPreTokenizer();
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [word] of splitter.preTokenizeString(normalizer.normalizeString(text))) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return [...counts]
    .sort(([a], [b]) => byCodeUnits(a, b))
    .map(([word, count]) => ({ symbols: spell(word), count }))
    .filter(({ symbols }) => symbols.length <= maxWordLength);
}

function spell(word: string): string[] {
  return [...word].map((character, index) => (index === 0 ? character : continuation + character));
}

function chooseAlphabet(words: readonly CountedWord[], most: number): string[] {
  const counts = new Map<string, number>();
  for (const { symbols, count } of words) {
    for (const symbol of symbols) if (symbol !== null) counts.set(symbol, (counts.get(symbol) ?? 0) + count);
  }
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || byCodeUnits(a, b))
    .slice(0, most)
    .map(([symbol]) => symbol)
    .sort(byCodeUnits);
}

function join(left: string, right: string): string {
  return left + right.slice(continuation.length);
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
