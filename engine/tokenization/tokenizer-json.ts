import type { AddedTokenWithId } from './added-token.js';
import { plainToken } from './added-token.js';
import type { BaseVocabulary } from './added-vocabulary.js';
import type { ExportedUse, SpecialTokens } from './contract.js';

/** The parts of a `tokenizer.json` that are looked at here; the library reads the rest. */
export interface TokenizerJson extends Record<string, unknown> {
  readonly added_tokens: readonly AddedTokenWithId[];
  readonly model: {
    readonly type?: string;
    readonly vocab: Readonly<Record<string, number>> | readonly (readonly [string, number])[];
    readonly [setting: string]: unknown;
  };
}

/** Ids of the model's own tokens. */
export function modelIds({ model: { vocab } }: Pick<TokenizerJson, 'model'>): Map<string, number> {
  if (isPieceList(vocab)) return new Map(vocab.map(([token], id) => [token, id]));
  return new Map(Object.entries(vocab));
}

/** Two pieces of a list may have the same text; each has an id of its own. */
export function baseVocabulary(json: Pick<TokenizerJson, 'model'>): BaseVocabulary {
  const ids = modelIds(json);
  const { vocab } = json.model;
  return { size: isPieceList(vocab) ? vocab.length : ids.size, idOf: (token) => ids.get(token) };
}

export function isPieceList(
  vocab: TokenizerJson['model']['vocab'],
): vocab is readonly (readonly [string, number])[] {
  return Array.isArray(vocab);
}

/** An added token that is matched as it stands and never split. */
export function specialToken(content: string, id: number): AddedTokenWithId {
  return { id, ...plainToken(content, true) };
}

/** The post-processor that frames a text as `[CLS] A [SEP]` and a pair as `[CLS] A [SEP] B [SEP]`. */
export function frameTemplate(cls: [string, number], sep: [string, number]): Record<string, unknown> {
  const special = ([token]: [string, number], type: number) => ({
    SpecialToken: { id: token, type_id: type },
  });
  const sequence = (id: 'A' | 'B', type: number) => ({ Sequence: { id, type_id: type } });
  const single = [special(cls, 0), sequence('A', 0), special(sep, 0)];
  return {
    type: 'TemplateProcessing',
    single,
    pair: [...single, sequence('B', 1), special(sep, 1)],
    special_tokens: Object.fromEntries(
      [cls, sep].map(([token, id]) => [token, { id: token, ids: [id], tokens: [token] }]),
    ),
  };
}

/** The side that is cut off. */
const sides = { head: 'right', tail: 'left', both: undefined } as const;

/**
 * What an export writes. The class is named because transformers would otherwise put its own
 * tokenizer of the model's family in place of this one.
 */
export function exportFiles(
  json: TokenizerJson,
  { special, truncationSide }: { special: SpecialTokens; truncationSide: 'left' | 'right' },
  { maxLength, inputNames, truncation }: ExportedUse,
  extra: Readonly<Record<string, unknown>> = {},
): Record<string, string> {
  const names = Object.fromEntries(
    Object.entries(special).flatMap(([kind, token]) =>
      token === null ? [] : [[`${kind}_token`, token as string]],
    ),
  );
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    clean_up_tokenization_spaces: false,
    model_input_names: inputNames,
    model_max_length: maxLength,
    truncation_side: sides[truncation ?? 'both'] ?? truncationSide,
    ...names,
    ...extra,
  };
  return {
    'tokenizer.json': `${JSON.stringify({ ...json, truncation: null, padding: null })}\n`,
    'tokenizer_config.json': `${JSON.stringify(config, null, 2)}\n`,
    'special_tokens_map.json': `${JSON.stringify(names, null, 2)}\n`,
  };
}
