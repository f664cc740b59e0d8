import { z } from 'zod';
import { InputFault } from '../../errors/fault.js';
import type { AddedTokenWithId } from './added-token.js';
import type { BaseVocabulary } from './added-vocabulary.js';
import { specialTokens, type SpecialTokens } from './contract.js';
import { checkSentencePieceModel, type PieceKind, type SentencePieceModel } from './sentencepiece-model.js';
import type { TokenizerSettings } from './settings.js';
import { frameTemplate, type TokenizerJson } from './tokenizer-json.js';

/** A SentencePiece model with its frame: everything that tokenising needs. */
export interface FramedModel {
  readonly model: SentencePieceModel;
  readonly lowercase: boolean;
  readonly special: SpecialTokens;
  /** The special tokens and all others that are looked for before the model sees a text. */
  readonly added: readonly AddedTokenWithId[];
  readonly truncationSide: 'left' | 'right';
}

/** The pieces as the `tokenizers` library numbers them: of two of the same text the last counts. */
export function pieceIds({ pieces }: SentencePieceModel): BaseVocabulary {
  const ids = new Map(pieces.map(({ text }, id) => [text, id]));
  return { size: pieces.length, idOf: (token) => ids.get(token) };
}

/** Key of `tokenizer_config.json` under which an export keeps what `tokenizer.json` cannot say. */
export const markerKey = 'foldwise_sentencepiece';

const markerSchema = z.strictObject({
  lowercase: z.boolean(),
  addDummyPrefix: z.boolean(),
  removeExtraWhitespaces: z.boolean(),
  escapeWhitespaces: z.boolean(),
  whitespaceAsSuffix: z.boolean(),
  /** Kinds of the pieces that are not normal, by id. */
  kinds: z.record(z.string(), z.enum(['userDefined', 'unused', 'unknown', 'control', 'byte'])),
});

/** `tokenizer.json`, as near to the library as the `tokenizers` library comes. */
export function toTokenizerJson({ model, lowercase, special, added }: FramedModel): TokenizerJson {
  const ids = new Map(added.map(({ content, id }) => [content, id]));
  const space = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };
  // A normaliser that puts a mark before a text would do so with the tokens that it is to find, too.
  const marksLater = added.some(({ normalized }) => normalized);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: {
      type: 'Sequence',
      normalizers: marksLater ? spaces(model, lowercase) : normalizers(model, lowercase),
    },
    pre_tokenizer: marksLater ? { ...space, split: false } : null,
    post_processor: frameTemplate(
      [special.cls, ids.get(special.cls) as number],
      [special.sep, ids.get(special.sep) as number],
    ),
    decoder: space,
    model: {
      type: 'Unigram',
      unk_id: model.unkId,
      byte_fallback: model.byteFallback,
      vocab: model.pieces.map(({ text, score }): [string, number] => [text, score]),
    },
  };
}

const replace = (pattern: Record<string, string>, content: string): Record<string, unknown> => ({
  type: 'Replace',
  pattern,
  content,
});

/** No pre-tokenizer: the library too looks for pieces in the whole text at once. */
function normalizers(model: SentencePieceModel, lowercase: boolean): Record<string, unknown>[] {
  const { addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces, whitespaceAsSuffix } =
    model.normalization;
  const mark = escapeWhitespaces ? '▁' : ' ';
  const prefix = addDummyPrefix && !whitespaceAsSuffix ? [{ type: 'Prepend', prepend: mark }] : [];
  const suffix = addDummyPrefix && whitespaceAsSuffix ? [replace({ Regex: '(?<=[\\s\\S])\\z' }, mark)] : [];
  return [
    ...characters(model, lowercase),
    ...(removeExtraWhitespaces ? [replace({ Regex: '^ +| +$' }, ''), replace({ Regex: ' {2,}' }, ' ')] : []),
    ...prefix,
    ...(escapeWhitespaces ? [replace({ String: ' ' }, '▁')] : []),
    ...(removeExtraWhitespaces && escapeWhitespaces ? [replace({ Regex: '▁+$' }, '')] : []),
    ...suffix,
  ];
}

/** With the spaces as spaces: a leading one is left, which stands for the mark before the text. */
function spaces(model: SentencePieceModel, lowercase: boolean): Record<string, unknown>[] {
  return [...characters(model, lowercase), replace({ Regex: ' +$' }, ''), replace({ Regex: ' {2,}' }, ' ')];
}

function characters({ normalization }: SentencePieceModel, lowercase: boolean): Record<string, unknown>[] {
  const { charsMap } = normalization;
  return [
    ...(lowercase ? [{ type: 'Lowercase' }] : []),
    ...(charsMap.length > 0
      ? [{ type: 'Precompiled', precompiled_charsmap: charsMap.toString('base64') }]
      : []),
  ];
}

/** What the export adds to `tokenizer_config.json`, so that it loads again with exactly these ids. */
export function toMarker({ model, lowercase }: FramedModel): z.infer<typeof markerSchema> {
  const kinds = model.pieces.flatMap(({ kind }, id) =>
    kind === 'normal' ? [] : [[String(id), kind] as const],
  );
  const { addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces, whitespaceAsSuffix } =
    model.normalization;
  return {
    lowercase,
    addDummyPrefix,
    removeExtraWhitespaces,
    escapeWhitespaces,
    whitespaceAsSuffix,
    kinds: Object.fromEntries(kinds),
  };
}

/** The framed model of an exported `tokenizer.json`, by its marker. */
export function fromTokenizerJson(
  where: string,
  json: TokenizerJson,
  marker: unknown,
  settings: TokenizerSettings,
): FramedModel {
  const parsed = markerSchema.safeParse(marker);
  const content = contentSchema.safeParse(json);
  if (!parsed.success || !content.success) {
    throw new InputFault({
      where,
      what: `tokenizer.json does not fit "${markerKey}" of tokenizer_config.json`,
      remedy: 'Export the model again.',
    });
  }
  const { lowercase, kinds, ...flags } = parsed.data;
  const { unk_id: unkId, byte_fallback: byteFallback, vocab } = content.data.model;
  const charsMap = content.data.normalizer.normalizers.find(({ type }) => type === 'Precompiled');
  const kindOf = (id: number): PieceKind => kinds[String(id)] ?? 'normal';
  const names = new Map(
    [...settings.named].map(([name, token]) => [
      name,
      typeof token === 'object' ? (token?.content ?? null) : token,
    ]),
  );
  return {
    lowercase,
    special: specialTokens(where, names),
    added: json.added_tokens,
    truncationSide: settings.truncationSide ?? 'right',
    model: checkSentencePieceModel(where, {
      pieces: vocab.map(([text, score], id) => ({ text, score, kind: kindOf(id) })),
      unkId,
      byteFallback,
      normalization: { charsMap: Buffer.from(charsMap?.precompiled_charsmap ?? '', 'base64'), ...flags },
    }),
  };
}

const contentSchema = z.object({
  normalizer: z.object({
    normalizers: z.array(z.object({ type: z.string(), precompiled_charsmap: z.string().optional() })),
  }),
  model: z.object({
    type: z.literal('Unigram'),
    unk_id: z.number().int().nonnegative(),
    byte_fallback: z.boolean(),
    vocab: z.array(z.tuple([z.string(), z.number()])),
  }),
});
