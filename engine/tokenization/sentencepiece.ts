import { InputFault } from '../../errors/fault.js';
import type { TokenizerSettings } from './settings.js';
import { markerKey, toMarker, toTokenizerJson, type FramedModel } from './sentencepiece-json.js';
import type { SentencePieceModel } from './sentencepiece-model.js';
import { SentencePieceNormalizer } from './sentencepiece-normalizer.js';
import { checkMaxLength, type SpecialTokens, type Tokenizer } from './contract.js';
import { exportFiles } from './tokenizer-json.js';
import { Unigram } from './unigram.js';

/** Texts tokenised between two turns of the event loop. */
const batch = 256;

/**
 * DeBERTa's tokenizer over a SentencePiece unigram model: `[CLS]`, the ids that the sentencepiece
 * library itself gives, `[SEP]`. The text of a special token inside of a text is plain text to it.
 */
export class SentencePieceTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly padId: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly unkId: number;
  readonly #framed: FramedModel;
  readonly #normalizer: SentencePieceNormalizer;
  readonly #unigram: Unigram;

  constructor(where: string, framed: FramedModel) {
    const { model, special, specialIds } = framed;
    const symbols = model.pieces.filter(({ kind }) => kind === 'userDefined').map(({ text }) => text);
    this.#framed = framed;
    this.#normalizer = new SentencePieceNormalizer(where, model.normalization, symbols);
    this.#unigram = new Unigram(model);
    this.vocabularySize = Math.max(model.pieces.length, ...[...specialIds.values()].map((id) => id + 1));
    this.padId = specialIds.get(special.pad) as number;
    this.clsId = specialIds.get(special.cls) as number;
    this.sepId = specialIds.get(special.sep) as number;
    this.unkId = model.unkId;
  }

  async encode(texts: readonly string[], maxLength: number): Promise<Int32Array[]> {
    checkMaxLength(maxLength);
    const encoded: Int32Array[] = [];
    for (const text of texts) {
      const ids = this.pieces(text).slice(0, maxLength - 2);
      if (encoded.push(Int32Array.of(this.clsId, ...ids, this.sepId)) % batch === 0) await nextTurn();
    }
    return encoded;
  }

  /** The library's `encode(text)`: ids without special tokens. */
  pieces(text: string): number[] {
    const prepared = this.#framed.lowercase ? text.toLowerCase() : text;
    return this.#unigram.encode(this.#normalizer.normalize(prepared));
  }

  files(): Record<string, string> {
    return exportFiles(toTokenizerJson(this.#framed), this.#framed.special, {
      [markerKey]: toMarker(this.#framed),
    });
  }
}

/**
 * Frames a model as DeBERTa does: special tokens that are pieces keep their ids, the others
 * (`[MASK]`) follow the pieces, or are where `added_tokens.json` says.
 */
export function frameModel(
  where: string,
  model: SentencePieceModel,
  settings: TokenizerSettings,
): FramedModel {
  const { config, special, added } = settings;
  if (config['split_by_punct'] === true) {
    throw new InputFault({
      where,
      what: 'split_by_punct is not supported with spm.model',
      remedy: 'Provide a tokenizer.json instead.',
    });
  }
  const framing = new Set(Object.values(special) as string[]);
  const others = [...added.keys()].filter((token) => !framing.has(token));
  if (others.length > 0) {
    throw new InputFault({
      where,
      what: `added_tokens.json adds ${others.length} tokens besides the special ones`,
      remedy: 'Provide a tokenizer.json instead.',
    });
  }
  return {
    model,
    lowercase: config['do_lower_case'] === true,
    special,
    specialIds: assignIds(model, special, added),
  };
}

function assignIds(
  model: SentencePieceModel,
  special: SpecialTokens,
  added: ReadonlyMap<string, number>,
): Map<string, number> {
  const wanted = new Set([special.pad, special.cls, special.sep, special.unk, special.mask]);
  const ids = new Map<string, number>();
  model.pieces.forEach(({ text }, id) => {
    if (wanted.has(text)) ids.set(text, id);
  });
  ids.set(special.unk, model.unkId);
  let next = model.pieces.length;
  for (const token of wanted) {
    if (ids.has(token)) continue;
    ids.set(token, added.get(token) ?? next);
    next = Math.max(next, (ids.get(token) as number) + 1);
  }
  return ids;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
