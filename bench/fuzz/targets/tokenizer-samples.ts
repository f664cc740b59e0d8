import { learnVocabulary } from '../../../engine/tokenization/vocabulary.js';
import { charsMap, table } from './sentencepiece-model.js';
import { texts } from './tokenizer-texts.js';

const words = [...texts, 'a number of words that all have pieces in common, commonly'];

/** A `tokenizer.json` of each kind, small and sound. */
export const wordPiece: unknown = JSON.parse(learnVocabulary(words, { size: 120, type: 'bert' }));

const special = ['[PAD]', '[CLS]', '[SEP]', '[UNK]', '[MASK]'];

const frame = (wordPiece as { post_processor: unknown }).post_processor;

const added = (wordPiece as { added_tokens: unknown }).added_tokens;

const letters = [...new Set(words.join('').toLowerCase())].filter((letter) => letter.trim() !== '').sort();

export const unigram: unknown = {
  version: '1.0',
  added_tokens: added,
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'NFKC' },
      { type: 'Precompiled', precompiled_charsmap: charsMap(table).toString('base64') },
      { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' },
      { type: 'Replace', pattern: { String: '``' }, content: '"' },
      { type: 'Lowercase' },
    ],
  },
  pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
  post_processor: frame,
  decoder: null,
  model: {
    type: 'Unigram',
    unk_id: 3,
    byte_fallback: false,
    vocab: [
      ...special.map((token) => [token, 0]),
      ...['▁', '▁the', 'th', 'er', '▁so', 'um', '▁d', 'own', ...letters].map((piece, i) => [
        piece,
        -2 - i / 8,
      ]),
    ],
  },
};

const bytePieces = ['Ġ', 'h', 'e', 't', 's', 'o', 'q', 'u', 'i', 'c', 'k', 'Ġt', 'he', 'Ġthe', 'Ġs', 'Ġso'];

export const bytePairs: unknown = {
  version: '1.0',
  added_tokens: added,
  normalizer: null,
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: '\\d|[^\\d]+' }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    ],
  },
  post_processor: { type: 'BertProcessing', sep: ['[SEP]', 2], cls: ['[CLS]', 1] },
  decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: 'BPE',
    unk_token: '[UNK]',
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    vocab: Object.fromEntries([...special, ...bytePieces].map((token, id) => [token, id])),
    merges: [
      ['Ġ', 't'],
      ['h', 'e'],
      ['Ġt', 'he'],
      ['Ġ', 's'],
      ['Ġs', 'o'],
    ],
  },
};

/** The lines of a `vocab.txt`. */
export const vocabulary: readonly string[] = Object.keys(
  (wordPiece as { model: { vocab: Record<string, number> } }).model.vocab,
);
