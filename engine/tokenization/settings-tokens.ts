import { InputFault } from '../../errors/fault.js';
import type { AddedToken } from './added-token.js';
import { isRecord, maxAddedTokens, parseAddedToken, plainToken } from './added-token.js';

/** Names of the special tokens that every tokenizer may have, in the order in which they are added. */
export const standardNames = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'].map(
  (kind) => `${kind}_token`,
);

/** A token by its text alone, or with its flags. */
export type NamedToken = string | AddedToken;

/** Tokens under names of their own, such as `user_token`, among the texts alone. */
export function takeOwnNames(config: Record<string, unknown>): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (!key.endsWith('_token') || standardNames.includes(key) || typeof value !== 'string') continue;
    own[key] = value;
    delete config[key];
  }
  if (isRecord(config['extra_special_tokens'])) Object.assign(own, takeKey(config, 'extra_special_tokens'));
  return own;
}

export function takeKey(config: Record<string, unknown>, key: string): unknown {
  const value = config[key];
  delete config[key];
  return value;
}

export function readDecoder(where: string, value: unknown): Map<number, AddedToken> {
  if (!isRecord(value)) throw misshapen(where, 'added_tokens_decoder', 'tokens by their ids');
  const entries = Object.entries(value);
  if (entries.length > maxAddedTokens)
    throw misshapen(where, 'added_tokens_decoder', `at most ${maxAddedTokens}`);
  return new Map(
    entries.map(([id, token]) => {
      if (!/^\d{1,9}$/.test(id)) throw misshapen(where, 'added_tokens_decoder', 'ids from 0', id);
      return [Number(id), parseAddedToken(where, token, {})];
    }),
  );
}

/** `special_tokens_map.json` takes precedence over `tokenizer_config.json`. */
export function mergeMap(
  where: string,
  config: Record<string, unknown>,
  map: Readonly<Record<string, unknown>>,
): void {
  for (const [key, value] of Object.entries(map)) {
    if (key === 'extra_special_tokens' && Array.isArray(value)) {
      const known = config[key];
      const merged: unknown[] = Array.isArray(known) ? [...(known as unknown[])] : [];
      for (const token of value as unknown[]) if (!merged.includes(token)) merged.push(token);
      config[key] = merged;
    } else if (isRecord(value) && key !== 'extra_special_tokens') {
      config[key] = { __type: addedToken, ...parseAddedToken(where, { ...value, special: true }, {}) };
    } else config[key] = value;
  }
}

/** `added_tokens.json`: those that a setting names are special. */
export function readAdded(
  where: string,
  added: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
): Map<number, AddedToken> {
  const extra = config['extra_special_tokens'];
  const special = new Set([
    ...standardNames.map((name) => textOf(config[name])),
    ...(Array.isArray(extra) ? (extra as unknown[]).map(textOf) : []),
  ]);
  const entries = Object.entries(added);
  if (entries.length > maxAddedTokens) throw misshapen(where, 'the list', `at most ${maxAddedTokens} tokens`);
  return new Map(
    entries.map(([content, id]) => {
      if (!isId(id)) throw misshapen(where, 'an id', 'a whole number from 0');
      return [id, parseAddedToken(where, { content }, plainToken(content, special.has(content)))];
    }),
  );
}

export function readNames(
  where: string,
  config: Readonly<Record<string, unknown>>,
  own: Readonly<Record<string, unknown>>,
): Map<string, NamedToken | null> {
  const named = new Map<string, NamedToken | null>();
  for (const name of standardNames) if (name in config) named.set(name, readToken(where, name, config[name]));
  for (const [name, value] of Object.entries(config)) {
    if (!name.endsWith('_token') || named.has(name)) continue;
    if (typeof value === 'string' || isMarked(value)) named.set(name, readToken(where, name, value));
  }
  for (const [name, value] of Object.entries(own)) named.set(name, readToken(where, name, value));
  return named;
}

export function readExtra(where: string, value: unknown): NamedToken[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > maxAddedTokens)
    throw misshapen(where, 'extra_special_tokens', 'a list of tokens');
  return (value as unknown[]).flatMap((token) => readToken(where, 'extra_special_tokens', token) ?? []);
}

function readToken(where: string, name: string, value: unknown): NamedToken | null {
  if (value === null) return null;
  if (typeof value === 'string') return parseAddedToken(where, { content: value }, {}).content;
  if (isMarked(value)) return parseAddedToken(where, value, {});
  throw misshapen(where, name, 'the text of a token, or an object of "__type": "AddedToken"');
}

const addedToken = 'AddedToken';

function isMarked(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && value['__type'] === addedToken;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isRecord(value) && typeof value['content'] === 'string' ? value['content'] : undefined;
}

/** A setting of another form. */
export function misshapen(where: string, name: string, expected: string, found?: string): InputFault {
  return new InputFault({
    where,
    what: `${name} is not what it should be`,
    expected,
    ...(found === undefined ? {} : { found: found.slice(0, 80) }),
  });
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 1e9;
}
