import { defaultSpecialTokens, type SpecialTokens } from './contract.js';
import { frameTemplate, specialToken, type TokenizerJson } from './tokenizer-json.js';

/** How BERT prepares a text; the defaults are those of the uncased models. */
export interface BertNormalization {
  readonly lowercase: boolean;
  /** null: as `lowercase` says. */
  readonly stripAccents: boolean | null;
  readonly handleChineseChars: boolean;
}

/** A BERT tokenizer over the tokens in order of their ids; the special tokens must be among them. */
export function wordPieceTokenizer(
  tokens: readonly string[],
  normalization: BertNormalization,
  special: SpecialTokens = defaultSpecialTokens,
): TokenizerJson {
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const named = [special.pad, special.unk, special.cls, special.sep, special.mask]
    .flatMap((token) => (vocab[token] === undefined ? [] : [specialToken(token, vocab[token])]))
    .sort((a, b) => a.id - b.id);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: named,
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: normalization.handleChineseChars,
      strip_accents: normalization.stripAccents,
      lowercase: normalization.lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: frameTemplate(
      [special.cls, vocab[special.cls] ?? -1],
      [special.sep, vocab[special.sep] ?? -1],
    ),
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: special.unk,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}
