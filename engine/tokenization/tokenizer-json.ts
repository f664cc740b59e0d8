import { InputFault } from '../../errors/fault.js';
import { parseJsonObject } from '../checkpoint/bounded-json.js';
import type { SpecialTokens } from './contract.js';

/** The parts of a `tokenizer.json` that are looked at here; the library reads the rest. */
export interface TokenizerJson extends Record<string, unknown> {
  readonly added_tokens?: readonly AddedToken[];
  readonly model: {
    readonly vocab: Record<string, number> | readonly [string, number][];
    readonly [setting: string]: unknown;
  };
}

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

export function parseTokenizerJson(where: string, text: string): TokenizerJson {
  const json = parseJsonObject(where, text);
  const vocab = (json['model'] as { vocab?: unknown } | undefined)?.vocab;
  if (typeof vocab !== 'object' || vocab === null) {
    throw new InputFault({ where, what: 'the tokenizer has no vocabulary' });
  }
  return json as TokenizerJson;
}

/** Ids of all tokens, added ones included. */
export function tokenIds({ model, added_tokens: added = [] }: TokenizerJson): Map<string, number> {
  const ids = new Map<string, number>();
  if (Array.isArray(model.vocab)) {
    (model.vocab as readonly [string, number][]).forEach(([token], id) => ids.set(token, id));
  } else {
    for (const [token, id] of Object.entries(model.vocab as Record<string, number>)) ids.set(token, id);
  }
  for (const { content, id } of added) ids.set(content, id);
  return ids;
}

/** An added token that is matched as it stands and never split. */
export function specialToken(content: string, id: number): AddedToken {
  return {
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  };
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

/**
 * What an export writes. The class is named because transformers would otherwise put its own
 * tokenizer of the model's family in place of this one.
 */
export function exportFiles(
  json: TokenizerJson,
  special: SpecialTokens,
  extra: Readonly<Record<string, unknown>> = {},
): Record<string, string> {
  const names = Object.fromEntries(
    Object.entries(special).map(([kind, token]) => [`${kind}_token`, token as string]),
  );
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    clean_up_tokenization_spaces: false,
    ...names,
    ...extra,
  };
  return {
    'tokenizer.json': `${JSON.stringify({ ...json, truncation: null, padding: null })}\n`,
    'tokenizer_config.json': `${JSON.stringify(config, null, 2)}\n`,
    'special_tokens_map.json': `${JSON.stringify(names, null, 2)}\n`,
  };
}
