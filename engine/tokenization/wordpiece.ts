import { InputFault } from '../../errors/fault.js';
import { defaultSpecialTokens } from './contract.js';
import type { TokenizerSettings } from './settings.js';
import { frameTemplate, specialToken, type TokenizerJson } from './tokenizer-json.js';

/** How BERT prepares a text; the defaults are those of the uncased models. */
export interface BertNormalization {
  readonly lowercase: boolean;
  /** null: as `lowercase` says. */
  readonly stripAccents: boolean | null;
  readonly handleChineseChars: boolean;
}

export function bertNormalization(settings: Pick<TokenizerSettings, 'flag'>): BertNormalization {
  return {
    lowercase: settings.flag('do_lower_case', true),
    stripAccents: settings.flag('strip_accents', null),
    handleChineseChars: settings.flag('tokenize_chinese_chars', true),
  };
}

/** The parts of a `tokenizer.json` that prepare a text, and join tokens again. */
export function bertPreparation(normalization: BertNormalization): Record<string, unknown> {
  return {
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: normalization.handleChineseChars,
      strip_accents: normalization.stripAccents,
      lowercase: normalization.lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  };
}

export function wordPieceModel(vocab: Readonly<Record<string, number>>, unk: string): TokenizerJson['model'] {
  return {
    type: 'WordPiece',
    unk_token: unk,
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab,
  };
}

/** A BERT tokenizer over the tokens in order of their ids; the special tokens must be among them. */
export function wordPieceTokenizer(
  tokens: readonly string[],
  normalization: BertNormalization,
): TokenizerJson {
  const { pad, unk, cls, sep, mask } = defaultSpecialTokens;
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const named = [pad, unk, cls, sep, mask]
    .flatMap((token) => (vocab[token] === undefined ? [] : [specialToken(token, vocab[token])]))
    .sort((a, b) => a.id - b.id);
  const { normalizer, pre_tokenizer, decoder } = bertPreparation(normalization);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: named,
    normalizer,
    pre_tokenizer,
    post_processor: frameTemplate([cls, vocab[cls] ?? -1], [sep, vocab[sep] ?? -1]),
    decoder,
    model: wordPieceModel(vocab, unk),
  };
}

/** The tokens of a `vocab.txt`, one a line; of two lines with the same token the last counts. */
export function vocabularyOf(where: string, text: string): Record<string, number> {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0 || lines.length > maxTokens)
    throw new InputFault({
      where,
      what: 'the vocabulary has no lines, or too many',
      expected: `1 to ${maxTokens}`,
      found: `${lines.length}`,
    });
  return Object.fromEntries(lines.map((line, id) => [line.replace(trailingBlanks, ''), id]));
}

const maxTokens = 1_000_000;

const trailingBlanks = /\p{White_Space}+$/u;
