import { InputFault } from '../../errors/fault.js';

/** Turns texts into token ids; the very same from training to export. */
export interface Tokenizer {
  /** Highest id + 1: the least number of rows an embedding must have. */
  readonly vocabularySize: number;
  readonly padId: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly unkId: number;
  /**
   * Ids of each text with its special tokens, cut to `maxLength` by dropping the text's last tokens, or
   * its first ones where the tokenizer says so; never padded. An empty text is `[CLS] [SEP]`.
   */
  encode(texts: readonly string[], maxLength: number): Promise<Int32Array[]>;
  /** The files, by name, with which transformers loads this tokenizer. */
  files(use: ExportedUse): Record<string, string>;
}

/** What an exported tokenizer must know of the model beside it. */
export interface ExportedUse {
  /** Tokens of a text at most, special ones included. */
  readonly maxLength: number;
  /** What the model is fed with, in the order in which transformers gives it. */
  readonly inputNames: readonly string[];
  /** What is kept of a longer text; undefined as the tokenizer has it. Of `both` transformers knows nothing. */
  readonly truncation?: 'head' | 'tail' | 'both' | undefined;
}

/** The special tokens' texts, as `tokenizer_config.json` names them. */
export interface SpecialTokens {
  readonly pad: string;
  readonly cls: string;
  readonly sep: string;
  readonly unk: string;
  readonly mask: string | null;
}

/** The names that BERT and DeBERTa share. */
export const defaultSpecialTokens = {
  pad: '[PAD]',
  cls: '[CLS]',
  sep: '[SEP]',
  unk: '[UNK]',
  mask: '[MASK]',
} as const satisfies SpecialTokens;

/** The same as names of settings. */
export const defaultNames: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(defaultSpecialTokens).map(([kind, token]) => [`${kind}_token`, token]),
);

/** DeBERTa's, which has two names more for the tokens around a text. */
export const debertaNames: Readonly<Record<string, string>> = {
  ...defaultNames,
  bos_token: defaultSpecialTokens.cls,
  eos_token: defaultSpecialTokens.sep,
};

/** Those of fairseq's models: RoBERTa's and its like. */
export const fairseqNames: Readonly<Record<string, string>> = {
  bos_token: '<s>',
  eos_token: '</s>',
  unk_token: '<unk>',
  sep_token: '</s>',
  pad_token: '<pad>',
  cls_token: '<s>',
  mask_token: '<mask>',
};

/**
 * The special tokens among the named ones.
 *
 * @param names by name of the setting; null where it is expressly none
 * @param otherwise where a name is missing
 */
export function specialTokens(
  where: string,
  names: ReadonlyMap<string, string | null>,
  otherwise: SpecialTokens = defaultSpecialTokens,
): SpecialTokens {
  const named = (kind: 'pad' | 'cls' | 'sep' | 'unk'): string => {
    const text = names.get(`${kind}_token`);
    if (text === undefined) return otherwise[kind];
    if (text !== null) return text;
    throw new InputFault({ where, what: `${kind}_token is null`, expected: 'the text of a token' });
  };
  const mask = names.get('mask_token');
  return {
    pad: named('pad'),
    cls: named('cls'),
    sep: named('sep'),
    unk: named('unk'),
    mask: mask === undefined ? otherwise.mask : mask,
  };
}

/**
 * An embedding may have more rows than there are tokens (they are padded for speed), but never fewer:
 * some text would then index beyond it.
 */
export function checkVocabulary(
  tokenizer: Pick<Tokenizer, 'vocabularySize'>,
  embeddingRows: number,
  where = 'tokenizer',
): void {
  if (tokenizer.vocabularySize <= embeddingRows) return;
  throw new InputFault({
    where,
    what: 'the tokenizer does not match the model: the word embedding has too few rows',
    expected: `at least ${tokenizer.vocabularySize} rows, one for each token id`,
    found: `${embeddingRows}`,
    remedy: 'Use the tokenizer that the checkpoint was trained with.',
  });
}

/** The least room for a text: its two special tokens and one of its own. */
export function checkMaxLength(maxLength: number): void {
  if (Number.isInteger(maxLength) && maxLength >= 3) return;
  throw new InputFault({
    where: 'model.maxLength',
    what: 'no token of a text would be left',
    expected: 'at least 3',
    found: `${maxLength}`,
  });
}
