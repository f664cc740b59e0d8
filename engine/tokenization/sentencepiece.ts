import { InputFault } from '../../errors/fault.js';
import { plainToken } from './added-token.js';
import { AddedVocabulary, type Splitter } from './added-vocabulary.js';
import { checkMaxLength, debertaNames, specialTokens, type ExportedUse, type Tokenizer } from './contract.js';
import { markerKey, pieceIds, toMarker, toTokenizerJson, type FramedModel } from './sentencepiece-json.js';
import type { SentencePieceModel } from './sentencepiece-model.js';
import { escapedSpace, inBytes, SentencePieceNormalizer } from './sentencepiece-normalizer.js';
import type { TokenizerSettings } from './settings.js';
import { exportFiles } from './tokenizer-json.js';
import { addTokens } from './tokens-to-add.js';
import { Unigram } from './unigram.js';

/** Texts tokenised between two turns of the event loop. */
const batch = 256;

/**
 * DeBERTa's tokenizer over a SentencePiece unigram model: `[CLS]`, the ids, `[SEP]`. The text is split
 * at special and other added tokens as transformers does it; what lies between them gets the ids that
 * the sentencepiece library itself gives.
 */
export class SentencePieceTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly padId: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly unkId: number;
  readonly #framed: FramedModel;
  readonly #normalizer: SentencePieceNormalizer;
  /** As the normaliser, with spaces that stay spaces, and none put before the text. */
  readonly #plain: SentencePieceNormalizer;
  readonly #unigram: Unigram;
  /** Tokens that are looked for in the text as it is, and in what the normaliser makes of it. */
  readonly #verbatim: Splitter;
  readonly #normalized: Splitter;

  constructor(where: string, framed: FramedModel) {
    const { model, special, added } = framed;
    const symbols = model.pieces.filter(({ kind }) => kind === 'userDefined').map(({ text }) => text);
    const spec = model.normalization;
    const vocabulary = new AddedVocabulary(pieceIds(model));
    vocabulary.add(added);
    this.#framed = framed;
    this.#normalizer = new SentencePieceNormalizer(where, spec, symbols);
    this.#plain = new SentencePieceNormalizer(
      where,
      { ...spec, addDummyPrefix: false, escapeWhitespaces: false },
      symbols,
    );
    this.#unigram = new Unigram(where, model);
    this.#verbatim = vocabulary.splitter(where, false);
    this.#normalized = vocabulary.splitter(where, true, (content) => this.#withoutMarks(content));
    this.vocabularySize = added.reduce((size, { id }) => Math.max(size, id + 1), model.pieces.length);
    const idOf = (token: string): number => {
      const id = vocabulary.idOf(token);
      if (id !== undefined) return id;
      throw new InputFault({ where, what: `the tokenizer lacks its special token ${token}` });
    };
    this.padId = idOf(special.pad);
    this.clsId = idOf(special.cls);
    this.sepId = idOf(special.sep);
    this.unkId = model.unkId;
  }

  async encode(texts: readonly string[], maxLength: number): Promise<Int32Array[]> {
    checkMaxLength(maxLength);
    const encoded: Int32Array[] = [];
    for (const text of texts) {
      const ids = this.#ids(text);
      const room = maxLength - 2;
      const kept = this.#framed.truncationSide === 'left' ? ids.slice(-room) : ids.slice(0, room);
      if (encoded.push(Int32Array.of(this.clsId, ...kept, this.sepId)) % batch === 0) await nextTurn();
    }
    return encoded;
  }

  /** The library's `encode(text)`: ids without special tokens, none of which it knows. */
  pieces(text: string): number[] {
    return this.#unigram.encode(this.#normalizer.normalize(this.#cased(text)));
  }

  files(use: ExportedUse): Record<string, string> {
    return exportFiles(toTokenizerJson(this.#framed), this.#framed, use, {
      [markerKey]: toMarker(this.#framed),
    });
  }

  #ids(text: string): number[] {
    const ids: number[] = [];
    for (const stretch of this.#verbatim.split(text)) {
      if ('id' in stretch) ids.push(stretch.id);
      else for (const id of this.#between(stretch.text)) ids.push(id);
    }
    return ids;
  }

  #between(text: string): number[] {
    if (this.#normalized.empty) return this.pieces(text);
    const stretches = this.#normalized.split(this.#withoutMarks(text));
    if (stretches.length < 2 && !stretches.some((stretch) => 'id' in stretch)) return this.pieces(text);
    return stretches.flatMap((stretch) => {
      if ('id' in stretch) return [stretch.id];
      const marked = inBytes(stretch.text).replaceAll(' ', escapedSpace);
      return this.#unigram.encode(marked.startsWith(escapedSpace) ? marked : escapedSpace + marked);
    });
  }

  /** The normalised text with spaces as spaces, also a leading one: the mark before it keeps that. */
  #withoutMarks(text: string): string {
    const normalized = this.#plain.normalize(`!${this.#cased(text)}`);
    return Buffer.from(normalized, 'latin1').toString('utf8').slice(1);
  }

  #cased(text: string): string {
    return this.#framed.lowercase ? text.toLowerCase() : text;
  }
}

/**
 * Frames a model as DeBERTa does: special tokens that are pieces keep their ids, the others
 * (`[MASK]`) and those that the settings add follow the pieces.
 */
export function frameModel(
  where: string,
  model: SentencePieceModel,
  settings: TokenizerSettings,
): FramedModel {
  for (const [flag, only] of [
    ['split_by_punct', false],
    ['add_prefix_space', true],
  ] as const) {
    if (settings.flag(flag, only) === only) continue;
    throw new InputFault({
      where,
      what: `${flag}: ${!only} is not supported with spm.model`,
      remedy: 'Provide a tokenizer.json instead.',
    });
  }
  const vocabulary = new AddedVocabulary(pieceIds(model));
  const controls = model.pieces
    .filter(({ kind }) => kind === 'control')
    .map(({ text }) => plainToken(text, true));
  const extra = settings.extraOrigin === 'list' ? settings.extra : controls;
  const names = addTokens(vocabulary, { ...settings, extra }, [], debertaNames);
  return checkAdded(where, {
    model,
    lowercase: settings.flag('do_lower_case', false),
    special: specialTokens(where, names),
    added: vocabulary.list(),
    truncationSide: settings.truncationSide ?? 'right',
  });
}

/** Tokens that are looked for in normalised texts take the usual way of writing spaces for granted. */
function checkAdded(where: string, framed: FramedModel): FramedModel {
  const { addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces, whitespaceAsSuffix } =
    framed.model.normalization;
  const usual = addDummyPrefix && removeExtraWhitespaces && escapeWhitespaces && !whitespaceAsSuffix;
  if (usual || !framed.added.some(({ normalized }) => normalized)) return framed;
  throw new InputFault({
    where,
    what: 'added tokens with normalized: true are not supported with the whitespace settings of this spm.model',
    remedy: 'Set normalized to false for them in added_tokens_decoder of tokenizer_config.json.',
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
