import { InputFault } from '../../errors/fault.js';
import { AddedVocabulary } from './added-vocabulary.js';
import { debertaNames, defaultNames, specialTokens, type SpecialTokens } from './contract.js';
import type { TokenizerSettings } from './settings.js';
import type { TokenizerClass } from './tokenizer-class.js';
import { addTokens, type NameDefaults } from './tokens-to-add.js';
import { baseVocabulary, frameTemplate, isPieceList, type TokenizerJson } from './tokenizer-json.js';
import { wordPieceModel, bertNormalization, bertPreparation } from './wordpiece.js';

/** A tokenizer that the library runs, with what else its settings say. */
export interface SettledJson {
  readonly json: TokenizerJson;
  readonly special: SpecialTokens;
  readonly truncationSide: 'left' | 'right';
}

/** How a class makes a `tokenizer.json` of a vocabulary. */
interface Recipe {
  /** Names of special tokens that the settings do not give. */
  readonly names: NameDefaults;
  /** What `frame` calls the first and the last token. */
  readonly frame: readonly [first: string, last: string];
  readonly model: (where: string, json: TokenizerJson, unk: string, settings: TokenizerSettings) => object;
  readonly preparation: (settings: TokenizerSettings, json: TokenizerJson) => Record<string, unknown>;
}

const metaspace = '▁';

const recipes: Readonly<Record<Exclude<TokenizerClass, 'library'>, Recipe>> = {
  bert: {
    names: defaultNames,
    frame: ['cls_token', 'sep_token'],
    model: (where, { model }, unk) => {
      if (!['WordPiece', undefined].includes(model.type)) throw otherModel(where, 'WordPiece', model.type);
      const { vocab } = model;
      return wordPieceModel(
        isPieceList(vocab) ? Object.fromEntries(vocab.map(([token], id) => [token, id])) : vocab,
        unk,
      );
    },
    preparation: (settings) => bertPreparation(bertNormalization(settings)),
  },
  'deberta-v2': {
    names: debertaNames,
    frame: ['cls_token', 'sep_token'],
    model: (where, json, unk, settings) => {
      const unknown = pieces(where, json).findIndex(([text, score]) => text === unk && score === 0);
      return unigram(where, json, unknown < 0 ? unknownId(settings) : unknown);
    },
    preparation: (settings) => {
      const scheme = settings.flag('add_prefix_space', true) ? 'always' : 'first';
      const space = { type: 'Metaspace', replacement: metaspace, prepend_scheme: scheme, split: true };
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
  },
  'xlm-roberta': {
    names: {
      bos_token: '<s>',
      eos_token: '</s>',
      unk_token: '<unk>',
      sep_token: '</s>',
      pad_token: '<pad>',
      cls_token: '<s>',
      mask_token: '<mask>',
    },
    frame: ['bos_token', 'eos_token'],
    model: (where, json) => unigram(where, json, 3),
    preparation: (settings, json) => {
      const scheme = settings.flag('add_prefix_space', true) ? 'always' : 'never';
      const space = { type: 'Metaspace', replacement: metaspace, prepend_scheme: scheme, split: true };
      return {
        normalizer: precompiledOf(json),
        pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, space] },
        decoder: space,
      };
    },
  },
};

/**
 * Makes a tokenizer as transformers 5 does for the class: of a `tokenizer.json` it takes the vocabulary,
 * the added tokens and the side of truncation; how a text is prepared and framed the settings say.
 *
 * @param json one with a vocabulary; of a `vocab.txt` the rest is empty
 */
export function rebuild(
  where: string,
  kind: Exclude<TokenizerClass, 'library'>,
  json: TokenizerJson,
  settings: TokenizerSettings,
): SettledJson {
  const { names: defaults, frame, model, preparation } = recipes[kind];
  const vocabulary = new AddedVocabulary(baseVocabulary(json));
  const names = addTokens(vocabulary, settings, json.added_tokens, defaults);
  const special = specialTokens(where, names);
  const [first, last] = frame.map((name): [string, number] => {
    const text = names.get(name);
    const id = typeof text === 'string' ? vocabulary.idOf(text) : undefined;
    if (typeof text === 'string' && id !== undefined) return [text, id];
    throw new InputFault({ where, what: `${name} is missing`, expected: 'the text of a token' });
  }) as [[string, number], [string, number]];
  return {
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: vocabulary.list(),
      ...preparation(settings, json),
      post_processor: frameTemplate(first, last),
      model: model(where, json, special.unk, settings) as TokenizerJson['model'],
    },
    special,
    truncationSide: truncationSide(settings, json),
  };
}

/** The settings' side, else the file's own. */
export function truncationSide(
  settings: Pick<TokenizerSettings, 'truncationSide'>,
  json: Readonly<Record<string, unknown>>,
): 'left' | 'right' {
  const own = (json['truncation'] as { direction?: unknown } | null | undefined)?.direction;
  return settings.truncationSide ?? (own === 'Left' ? 'left' : 'right');
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

function otherModel(where: string, expected: string, found: string | undefined): InputFault {
  return new InputFault({
    where,
    what: "the model of tokenizer.json is not of tokenizer_class's kind",
    expected,
    found: found ?? 'another',
    remedy:
      'Set tokenizer_class of tokenizer_config.json to PreTrainedTokenizerFast to run the file as it is.',
  });
}
