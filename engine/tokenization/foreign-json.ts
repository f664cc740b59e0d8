import { Tokenizer as Library } from 'tokenizers';
import { InputFault } from '../../errors/fault.js';
import { parseJsonObject } from '../checkpoint/bounded-json.js';
import { isRecord, maxAddedTokens, parseAddedToken, type AddedTokenWithId } from './added-token.js';
import { checkTableForLibrary } from './replacements.js';
import type { TokenizerJson } from './tokenizer-json.js';

/** Of each part that prepares or frames a text, and of the vocabulary. */
const most = { parts: 256, depth: 12, text: 4096, growth: 256, tokens: 1_000_000, charsMap: 16 << 20 };

/** The parts of a `tokenizer.json` besides its model. */
const parts = ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'] as const;

const modelTypes = ['WordPiece', 'Unigram', 'BPE', 'WordLevel'] as const;

/** Anything beyond is no id of an embedding. */
const maxId = 100_000_000;

/**
 * A `tokenizer.json` from outside, looked through: what is read here has the right form, and what the
 * library reads is bounded in size, nesting, and in how much longer it makes a text.
 *
 * @throws InputFault
 */
export function parseTokenizerJson(where: string, text: Uint8Array | string): TokenizerJson {
  const json = parseJsonObject(where, text);
  const { model } = json;
  if (!isRecord(model)) throw refuse(where, 'the tokenizer has no vocabulary');
  checkVocabulary(where, model);
  const added = checkAdded(where, json['added_tokens']);
  for (const part of parts) {
    const place = `${where}: ${part}`;
    const budget = { parts: most.parts, growth: 1 };
    checkPart(place, json[part] ?? null, most.depth, budget);
    if (budget.growth > most.growth)
      throw refuse(place, 'its replacements make a text too long', `at most ${most.growth} times as long`);
  }
  checkTemplate(where, json['post_processor']);
  checkReadable(where, json);
  return { ...json, added_tokens: added } as unknown as TokenizerJson;
}

/** Refuses what the library cannot read, of all but the model's vocabulary and the tokens. */
function checkReadable(where: string, json: Readonly<Record<string, unknown>>): void {
  const model = { type: 'WordLevel', vocab: { '[UNK]': 0 }, unk_token: '[UNK]' };
  readLibrary(where, { ...json, added_tokens: [], model });
}

/** @throws InputFault where the library refuses */
export function readLibrary(where: string, json: object): Library {
  try {
    return Library.fromString(JSON.stringify(json));
  } catch (cause) {
    throw new InputFault(
      {
        where,
        what: 'the tokenizers library cannot read the tokenizer',
        found: cause instanceof Error ? cause.message.slice(0, 200) : 'an unknown error',
      },
      { cause },
    );
  }
}

function checkVocabulary(where: string, { vocab, type, merges }: Record<string, unknown>): void {
  if (type !== undefined && !modelTypes.some((known) => known === type))
    throw refuse(where, 'the type of its model is not known', modelTypes.join(', '));
  if (typeof vocab !== 'object' || vocab === null) throw refuse(where, 'the tokenizer has no vocabulary');
  const list = Array.isArray(vocab);
  const entries: unknown[] = list ? (vocab as unknown[]) : Object.values(vocab as Record<string, unknown>);
  if (entries.length === 0) throw refuse(where, 'the vocabulary is empty');
  if (entries.length > most.tokens)
    throw refuse(where, 'the vocabulary is too large', `at most ${most.tokens}`);
  const fits = list ? isScoredPiece : isId;
  if (!entries.every(fits)) {
    const expected = list ? 'pairs of a text and a number' : `ids from 0 to ${maxId} by token`;
    throw refuse(where, 'the vocabulary is malformed', expected);
  }
  const taken = new Set(list ? [] : entries);
  if (!list && taken.size < entries.length)
    throw refuse(where, 'two tokens of the vocabulary have the same id');
  if (merges !== undefined && (!Array.isArray(merges) || merges.length > most.tokens))
    throw refuse(where, 'the merges are malformed', `a list of at most ${most.tokens}`);
}

function isScoredPiece(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [text, score] = value as unknown[];
  return typeof text === 'string' && typeof score === 'number' && Number.isFinite(score);
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maxId;
}

function checkAdded(where: string, value: unknown): AddedTokenWithId[] {
  if (!Array.isArray(value) || value.length > maxAddedTokens)
    throw refuse(where, 'added_tokens is malformed', `a list of at most ${maxAddedTokens}`);
  return (value as unknown[]).map((token) => {
    const { id } = isRecord(token) ? token : {};
    if (!isId(id)) throw refuse(where, 'an added token has no id', `a whole number from 0 to ${maxId}`);
    return { id, ...parseAddedToken(where, token, null) };
  });
}

/** Bounds a part with what it holds, and multiplies how much longer each replacement makes a text. */
function checkPart(
  where: string,
  value: unknown,
  depth: number,
  budget: { parts: number; growth: number },
): void {
  if (typeof value === 'string' && value.length > most.text)
    throw refuse(where, 'a text in it is too long', `at most ${most.text} characters`);
  if (typeof value !== 'object' || value === null) return;
  if (depth === 0) throw refuse(where, 'it is nested too deeply', `at most ${most.depth} levels`);
  if (--budget.parts < 0) throw refuse(where, 'it has too many parts', `at most ${most.parts}`);
  if (isRecord(value)) {
    budget.growth *= growthOf(value);
    if (value['type'] === 'Precompiled' || 'precompiled_charsmap' in value)
      checkTableForLibrary(where, value['precompiled_charsmap']);
  }
  for (const [key, child] of Object.entries(value)) {
    if (key === 'precompiled_charsmap' && typeof child === 'string' && child.length <= most.charsMap)
      continue;
    checkPart(where, child, depth - 1, budget);
  }
}

/** At most so many times as long a text becomes by it, a text of one character taken for the shortest. */
function growthOf({ type, pattern, content, prepend }: Record<string, unknown>): number {
  if (type === 'Prepend' && typeof prepend === 'string') return 1 + prepend.length;
  if (type !== 'Replace' || typeof content !== 'string') return 1;
  const plain = isRecord(pattern) ? pattern['String'] : undefined;
  // A regular expression may find nothing at all, before each character.
  if (typeof plain !== 'string' || plain === '') return 1 + content.length;
  return Math.max(1, content.length / plain.length);
}

/** The library ends the process where a template names a token that it does not define. */
function checkTemplate(where: string, processor: unknown): void {
  if (!isRecord(processor)) return;
  const nested = processor['processors'];
  if (Array.isArray(nested)) for (const inner of nested as unknown[]) checkTemplate(where, inner);
  // One without a type is read as whatever it fits.
  if ((processor['type'] ?? 'TemplateProcessing') !== 'TemplateProcessing') return;
  const defined = isRecord(processor['special_tokens']) ? processor['special_tokens'] : {};
  for (const template of [processor['single'], processor['pair']]) {
    for (const item of Array.isArray(template) ? (template as unknown[]) : []) {
      const special = isRecord(item) && isRecord(item['SpecialToken']) ? item['SpecialToken'] : undefined;
      if (special === undefined || Object.hasOwn(defined, String(special['id']))) continue;
      throw refuse(where, 'its template names a special token that it does not define');
    }
  }
}

function refuse(where: string, what: string, expected?: string): InputFault {
  return new InputFault({
    where,
    what,
    ...(expected === undefined ? {} : { expected }),
    remedy: 'Download or copy the checkpoint again, or save its tokenizer anew with transformers.',
  });
}
