import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import { readJsonObject } from '../checkpoint/bounded-json.js';
import type { AddedToken } from './added-token.js';
import { isRecord, maxAddedTokens, parseAddedToken, plainToken } from './added-token.js';
import { chooseClass, type TokenizerClass } from './tokenizer-class.js';

const maxBytes = 8 << 20;

const files = {
  settings: 'tokenizer_config.json',
  map: 'special_tokens_map.json',
  added: 'added_tokens.json',
  model: 'config.json',
} as const;

/** Names of the special tokens that every tokenizer may have, in the order in which they are added. */
export const standardNames = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'].map(
  (kind) => `${kind}_token`,
);

/** A token by its text alone, or with its flags. */
export type NamedToken = string | AddedToken;

/** `tokenizer_config.json` and its companions, merged as transformers merges them. */
export interface TokenizerSettings {
  readonly where: string;
  /** undefined where the folder does not say: a tokenizer alone. */
  readonly class: TokenizerClass | undefined;
  /** A flag of `tokenizer_config.json`. */
  flag<Otherwise extends boolean | null>(name: string, otherwise: Otherwise): boolean | Otherwise;
  /** `foldwise_…` keys and the like. */
  readonly config: Readonly<Record<string, unknown>>;
  /** By name (`cls_token`), null where it is expressly none. */
  readonly named: ReadonlyMap<string, NamedToken | null>;
  /** By the id that the files give, which is not always the one that the token gets. */
  readonly declared: ReadonlyMap<number, AddedToken>;
  /** Whether the tokens that `tokenizer.json` adds are to be taken from `declared` alone. */
  readonly declaresAll: boolean;
  readonly extra: readonly NamedToken[];
  /**
   * Where `extra` comes from: the older `additional_special_tokens` of `special_tokens_map.json` give way
   * to the control pieces of a SentencePiece model, which in turn give way to any other list.
   */
  readonly extraOrigin: 'none' | 'list' | 'map';
  readonly truncationSide: 'left' | 'right' | undefined;
}

export const plainSettings: TokenizerSettings = mergeSettings('tokenizer', {});

/** The settings of a model folder; absent files count as empty. */
export async function readSettings(folder: string): Promise<TokenizerSettings> {
  const read = async (name: string): Promise<Record<string, unknown> | undefined> => {
    const path = join(folder, name);
    return existsSync(path) ? readJsonObject(path, maxBytes) : undefined;
  };
  const [settings, map, added, model] = await Promise.all([
    read(files.settings),
    read(files.map),
    read(files.added),
    read(files.model),
  ]);
  return mergeSettings(folder, { settings, map, added, model });
}

type Contents = { readonly [File in keyof typeof files]?: Record<string, unknown> | undefined };

/** As `PreTrainedTokenizerBase._from_pretrained` of transformers 5 does it. */
export function mergeSettings(folder: string, contents: Contents): TokenizerSettings {
  const place = (file: keyof typeof files): string => join(folder, files[file]);
  const config: Record<string, unknown> = { ...contents.settings };
  if ('additional_special_tokens' in config && !isTruthy(config['extra_special_tokens'])) {
    config['extra_special_tokens'] = config['additional_special_tokens'];
    delete config['additional_special_tokens'];
  }
  const own = takeOwnNames(config);
  const declaresAll = 'added_tokens_decoder' in config;
  const declared = declaresAll
    ? readDecoder(place('settings'), config['added_tokens_decoder'])
    : new Map<number, AddedToken>();
  if (!declaresAll) {
    mergeMap(place('map'), config, contents.map ?? {});
    if (isRecord(config['extra_special_tokens'])) Object.assign(own, takeKey(config, 'extra_special_tokens'));
    for (const [id, token] of readAdded(place('added'), contents.added ?? {}, config))
      declared.set(id, token);
  }
  const extraOrigin = originOfExtra(config);
  if (extraOrigin === 'map') config['extra_special_tokens'] = config['additional_special_tokens'];
  refuseUnsupported(place('settings'), config);
  return {
    where: folder,
    class: chooseClass(place('settings'), contents.settings ?? {}, contents.model ?? {}),
    config,
    flag: (name, otherwise) => readFlag(place('settings'), config, name, otherwise),
    named: readNames(place('settings'), config, own),
    declared,
    declaresAll,
    extraOrigin,
    extra: readExtra(place('settings'), config['extra_special_tokens']),
    truncationSide: readSide(place('settings'), config),
  };
}

/** Tokens under names of their own, such as `user_token`, among the texts alone. */
function takeOwnNames(config: Record<string, unknown>): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (!key.endsWith('_token') || standardNames.includes(key) || typeof value !== 'string') continue;
    own[key] = value;
    delete config[key];
  }
  if (isRecord(config['extra_special_tokens'])) Object.assign(own, takeKey(config, 'extra_special_tokens'));
  return own;
}

function takeKey(config: Record<string, unknown>, key: string): unknown {
  const value = config[key];
  delete config[key];
  return value;
}

function readDecoder(where: string, value: unknown): Map<number, AddedToken> {
  if (!isRecord(value)) throw refuse(where, 'added_tokens_decoder', 'tokens by their ids');
  const entries = Object.entries(value);
  if (entries.length > maxAddedTokens)
    throw refuse(where, 'added_tokens_decoder', `at most ${maxAddedTokens}`);
  return new Map(
    entries.map(([id, token]) => {
      if (!/^\d{1,9}$/.test(id)) throw refuse(where, 'added_tokens_decoder', 'ids from 0', id);
      return [Number(id), parseAddedToken(where, token, {})];
    }),
  );
}

/** `special_tokens_map.json` takes precedence over `tokenizer_config.json`. */
function mergeMap(
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
function readAdded(
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
  if (entries.length > maxAddedTokens) throw refuse(where, 'the list', `at most ${maxAddedTokens} tokens`);
  return new Map(
    entries.map(([content, id]) => {
      if (!isId(id)) throw refuse(where, 'an id', 'a whole number from 0');
      return [id, parseAddedToken(where, { content }, plainToken(content, special.has(content)))];
    }),
  );
}

function readNames(
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

function readExtra(where: string, value: unknown): NamedToken[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > maxAddedTokens)
    throw refuse(where, 'extra_special_tokens', 'a list of tokens');
  return (value as unknown[]).flatMap((token) => readToken(where, 'extra_special_tokens', token) ?? []);
}

function originOfExtra(config: Readonly<Record<string, unknown>>): TokenizerSettings['extraOrigin'] {
  if ('extra_special_tokens' in config) return 'list';
  return 'additional_special_tokens' in config ? 'map' : 'none';
}

function readToken(where: string, name: string, value: unknown): NamedToken | null {
  if (value === null) return null;
  if (typeof value === 'string') return parseAddedToken(where, { content: value }, {}).content;
  if (isMarked(value)) return parseAddedToken(where, value, {});
  throw refuse(where, name, 'the text of a token, or an object of "__type": "AddedToken"');
}

const addedToken = 'AddedToken';

function isMarked(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && value['__type'] === addedToken;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isRecord(value) && typeof value['content'] === 'string' ? value['content'] : undefined;
}

function readFlag<Otherwise extends boolean | null>(
  where: string,
  config: Readonly<Record<string, unknown>>,
  name: string,
  otherwise: Otherwise,
): boolean | Otherwise {
  const value = config[name];
  if (value === undefined) return otherwise;
  if (typeof value === 'boolean') return value;
  if (value === null && otherwise === null) return otherwise;
  throw refuse(where, name, otherwise === null ? 'true, false or null' : 'true or false');
}

function readSide(
  where: string,
  config: Readonly<Record<string, unknown>>,
): TokenizerSettings['truncationSide'] {
  const side = config['truncation_side'];
  if (side === undefined || side === 'left' || side === 'right') return side;
  throw refuse(where, 'truncation_side', 'left or right');
}

/** What no `tokenizer.json` can say, so that an export would not be the same. */
function refuseUnsupported(where: string, config: Readonly<Record<string, unknown>>): void {
  if (isTruthy(config['split_special_tokens'])) {
    throw new InputFault({ where, what: 'split_special_tokens is not supported', remedy: 'Remove it.' });
  }
  const versions = config['fast_tokenizer_files'];
  if (Array.isArray(versions) && versions.some((name) => name !== 'tokenizer.json')) {
    throw new InputFault({
      where,
      what: 'fast_tokenizer_files names other files than tokenizer.json',
      remedy: 'Save the tokenizer again with a current version of transformers.',
    });
  }
}

function refuse(where: string, name: string, expected: string, found?: string): InputFault {
  return new InputFault({
    where,
    what: `${name} is not what it should be`,
    expected,
    ...(found === undefined ? {} : { found: found.slice(0, 80) }),
  });
}

/** As Python takes a value for a condition. */
function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isRecord(value)) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== '';
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 1e9;
}
