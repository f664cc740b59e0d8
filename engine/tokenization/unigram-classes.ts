import { InputFault } from '../../errors/fault.js';
import type { Recipe } from './recipe.js';
import { debertaNames, fairseqNames } from './contract.js';
import { otherModel } from './other-model.js';
import type { TokenizerSettings } from './settings.js';
import { strippingMask } from './tokens-to-add.js';
import { frameTemplate, isPieceList, type TokenizerJson } from './tokenizer-json.js';

/** Classes of transformers over the pieces of a unigram model. */

export const debertaV2: Recipe = {
  names: debertaNames,
  frame: ['cls_token', 'sep_token'],
  model: (where, json, unk, settings) => {
    const unknown = pieces(where, json).findIndex(([text, score]) => text === unk && score === 0);
    return unigram(where, json, unknown < 0 ? unknownId(settings) : unknown);
  },
  preparation: (settings) => {
    const scheme = settings.flag('add_prefix_space', true) ? 'always' : 'first';
    const space = { type: 'Metaspace', replacement: spaceMark, prepend_scheme: scheme, split: true };
    const normalizers = [
      ...(settings.flag('do_lower_case', false) ? [{ type: 'Lowercase' }] : []),
      { type: 'Replace', pattern: { Regex: '\\s{2,}|[\\n\\r\\t]' }, content: ' ' },
      { type: 'NFC' },
      { type: 'Strip', strip_left: false, strip_right: true },
    ];
    const pretokenizers = [
      ...(settings.flag('split_by_punct', false) ? [{ type: 'Punctuation', behavior: 'Isolated' }] : []),
      space,
    ];
    return {
      normalizer: { type: 'Sequence', normalizers },
      pre_tokenizer: { type: 'Sequence', pretokenizers },
      decoder: space,
    };
  },
};

export const xlmRoberta: Recipe = {
  names: fairseqNames,
  frame: ['bos_token', 'eos_token'],
  model: (where, json) => unigram(where, json, 3),
  preparation: (settings, json) => ({ normalizer: precompiledOf(json), ...wordsMarked(settings) }),
};

/** XLM-RoBERTa's, with the names that fairseq's dictionary left unused. */
export const camembert: Recipe = {
  names: fairseqNames,
  byName: strippingMask,
  extra: ({ extraOrigin }) => (extraOrigin === 'none' ? ['<s>NOTUSED', '</s>NOTUSED', '<unk>NOTUSED'] : null),
  frame: ['bos_token', 'eos_token'],
  model: (where, json, unk) =>
    unigram(
      where,
      json,
      Math.max(
        0,
        pieces(where, json).findIndex(([text]) => text === unk),
      ),
    ),
  preparation: xlmRoberta.preparation,
};

export const albert: Recipe = {
  names: { ...debertaNames, unk_token: '<unk>', pad_token: '<pad>' },
  frame: ['cls_token', 'sep_token'],
  framedBy: 'vocabulary',
  processor: ([, cls], [, sep], { post_processor: own }) =>
    (own as Record<string, unknown> | null | undefined) ?? frameTemplate(['[CLS]', cls], ['[SEP]', sep]),
  model: (where, json) => unigram(where, json, 1),
  preparation: (settings, json) => {
    const replace = (quotes: string): object => ({
      type: 'Replace',
      pattern: { String: quotes },
      content: '"',
    });
    const table = precompiledOf(json);
    const normalizers = [
      replace('``'),
      replace("''"),
      ...(settings.flag('keep_accents', false) ? [] : [{ type: 'NFKD' }, { type: 'StripAccents' }]),
      ...(settings.flag('do_lower_case', true) ? [{ type: 'Lowercase' }] : []),
      ...(table === null ? [] : [table]),
    ];
    return { normalizer: { type: 'Sequence', normalizers }, ...wordsMarked(settings) };
  },
};

const spaceMark = '▁';

/** Words between blanks, each with a mark before it. */
function wordsMarked(settings: TokenizerSettings): Record<string, unknown> {
  const scheme = settings.flag('add_prefix_space', true) ? 'always' : 'never';
  const space = { type: 'Metaspace', replacement: spaceMark, prepend_scheme: scheme, split: true };
  return {
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, space] },
    decoder: space,
  };
}

function pieces(where: string, { model }: TokenizerJson): readonly (readonly [string, number])[] {
  if ((model.type ?? 'Unigram') === 'Unigram' && isPieceList(model.vocab)) return model.vocab;
  throw otherModel(where, 'Unigram', model.type);
}

function unigram(where: string, json: TokenizerJson, unknown: number): object {
  const vocab = pieces(where, json);
  if (unknown < vocab.length) return { type: 'Unigram', unk_id: unknown, vocab, byte_fallback: false };
  throw new InputFault({ where, what: 'the vocabulary has no unknown token' });
}

function unknownId({ config, where }: TokenizerSettings): number {
  const id = config['unk_id'] ?? 1;
  if (Number.isInteger(id) && (id as number) >= 0) return id as number;
  throw new InputFault({ where, what: 'unk_id of tokenizer_config.json is no id' });
}

/** The first table of replacements of the file's normaliser. */
function precompiledOf({ normalizer }: TokenizerJson): object | null {
  const { type, normalizers } = (normalizer ?? {}) as { type?: unknown; normalizers?: unknown };
  const all = (type === 'Sequence' ? normalizers : [normalizer]) as readonly unknown[];
  const found = all.find((part) => (part as { type?: unknown } | null)?.type === 'Precompiled');
  return (found as object | undefined) ?? null;
}
