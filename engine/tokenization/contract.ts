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
   * Ids of each text with its special tokens, cut to `maxLength` by dropping the text's last tokens;
   * never padded. An empty text is `[CLS] [SEP]`.
   */
  encode(texts: readonly string[], maxLength: number): Promise<Int32Array[]>;
  /** The files, by name, with which transformers loads this tokenizer. */
  files(): Record<string, string>;
}

/** The special tokens' texts, as `tokenizer_config.json` names them. */
export interface SpecialTokens {
  readonly pad: string;
  readonly cls: string;
  readonly sep: string;
  readonly unk: string;
  readonly mask: string;
}

/** The names that BERT and DeBERTa share. */
export const defaultSpecialTokens: SpecialTokens = {
  pad: '[PAD]',
  cls: '[CLS]',
  sep: '[SEP]',
  unk: '[UNK]',
  mask: '[MASK]',
};

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
