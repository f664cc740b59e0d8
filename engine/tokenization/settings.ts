import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import { readJsonObject } from '../checkpoint/bounded-json.js';
import type { AddedToken } from './added-token.js';
import { isRecord } from './added-token.js';
import {
  mergeMap,
  misshapen,
  readAdded,
  readDecoder,
  readExtra,
  readNames,
  takeKey,
  takeOwnNames,
  type NamedToken,
} from './settings-tokens.js';
import { chooseClass, type TokenizerClass } from './tokenizer-class.js';

const maxBytes = 8 << 20;

const files = {
  settings: 'tokenizer_config.json',
  map: 'special_tokens_map.json',
  added: 'added_tokens.json',
  model: 'config.json',
} as const;

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
  const config = withoutPrototype(contents.settings ?? {});
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

/** A copy in which a key of any name is a key like another. */
function withoutPrototype(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.assign(Object.create(null) as Record<string, unknown>, value);
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
  throw misshapen(where, name, otherwise === null ? 'true, false or null' : 'true or false');
}

function readSide(
  where: string,
  config: Readonly<Record<string, unknown>>,
): TokenizerSettings['truncationSide'] {
  const side = config['truncation_side'];
  if (side === undefined || side === 'left' || side === 'right') return side;
  throw misshapen(where, 'truncation_side', 'left or right');
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

function originOfExtra(config: Readonly<Record<string, unknown>>): TokenizerSettings['extraOrigin'] {
  if ('extra_special_tokens' in config) return 'list';
  return 'additional_special_tokens' in config ? 'map' : 'none';
}

/** As Python takes a value for a condition. */
function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isRecord(value)) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== '';
}
