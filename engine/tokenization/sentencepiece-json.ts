import { z } from 'zod';
import { InputFault } from '../../errors/fault.js';
import type { PieceKind, SentencePieceModel } from './sentencepiece-model.js';
import type { SpecialTokens } from './contract.js';
import { frameTemplate, specialToken, type TokenizerJson } from './tokenizer-json.js';

/** A SentencePiece model with its frame: everything that tokenising needs. */
export interface FramedModel {
  readonly model: SentencePieceModel;
  readonly lowercase: boolean;
  readonly special: SpecialTokens;
  /** Ids of all special tokens, by their texts. */
  readonly specialIds: ReadonlyMap<string, number>;
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
export function toTokenizerJson({ model, lowercase, special, specialIds }: FramedModel): TokenizerJson {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...specialIds].sort(([, a], [, b]) => a - b).map(([token, id]) => specialToken(token, id)),
    normalizer: { type: 'Sequence', normalizers: normalizers(model, lowercase) },
    pre_tokenizer: null,
    post_processor: frameTemplate(
      [special.cls, specialIds.get(special.cls) as number],
      [special.sep, specialIds.get(special.sep) as number],
    ),
    decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    model: {
      type: 'Unigram',
      unk_id: model.unkId,
      byte_fallback: model.byteFallback,
      vocab: model.pieces.map(({ text, score }): [string, number] => [text, score]),
    },
  };
}

/** No pre-tokenizer: the library too looks for pieces in the whole text at once. */
function normalizers({ normalization }: SentencePieceModel, lowercase: boolean): Record<string, unknown>[] {
  const { charsMap, addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces, whitespaceAsSuffix } =
    normalization;
  const replace = (pattern: Record<string, string>, content: string) => ({
    type: 'Replace',
    pattern,
    content,
  });
  const mark = escapeWhitespaces ? '▁' : ' ';
  const prefix = addDummyPrefix && !whitespaceAsSuffix ? [{ type: 'Prepend', prepend: mark }] : [];
  const suffix = addDummyPrefix && whitespaceAsSuffix ? [replace({ Regex: '(?<=[\\s\\S])\\z' }, mark)] : [];
  return [
    ...(lowercase ? [{ type: 'Lowercase' }] : []),
    ...(charsMap.length > 0
      ? [{ type: 'Precompiled', precompiled_charsmap: charsMap.toString('base64') }]
      : []),
    ...(removeExtraWhitespaces ? [replace({ Regex: '^ +| +$' }, ''), replace({ Regex: ' {2,}' }, ' ')] : []),
    ...prefix,
    ...(escapeWhitespaces ? [replace({ String: ' ' }, '▁')] : []),
    ...(removeExtraWhitespaces && escapeWhitespaces ? [replace({ Regex: '▁+$' }, '')] : []),
    ...suffix,
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

/** The model of an exported `tokenizer.json`, by its marker. */
export function fromTokenizerJson(
  where: string,
  json: TokenizerJson,
  marker: unknown,
): { model: SentencePieceModel; lowercase: boolean } {
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
  return {
    lowercase,
    model: {
      pieces: vocab.map(([text, score], id) => ({ text, score, kind: kindOf(id) })),
      unkId,
      byteFallback,
      normalization: { charsMap: Buffer.from(charsMap?.precompiled_charsmap ?? '', 'base64'), ...flags },
    },
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
