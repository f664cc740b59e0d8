import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonObject } from '../checkpoint/bounded-json.js';
import { defaultSpecialTokens, type SpecialTokens } from './contract.js';

const maxBytes = 8 << 20;

/** `tokenizer_config.json` and its companions, merged. */
export interface TokenizerSettings {
  readonly config: Readonly<Record<string, unknown>>;
  readonly special: SpecialTokens;
  /** Ids of `added_tokens.json`, by token. */
  readonly added: ReadonlyMap<string, number>;
}

export const plainSettings: TokenizerSettings = {
  config: {},
  special: defaultSpecialTokens,
  added: new Map(),
};

/** The settings of a model folder; absent files count as empty. */
export async function readSettings(folder: string): Promise<TokenizerSettings> {
  const config = await readOptional(folder, 'tokenizer_config.json');
  const map = await readOptional(folder, 'special_tokens_map.json');
  const added = await readOptional(folder, 'added_tokens.json');
  return {
    config,
    special: specialTokens(config, map),
    added: new Map(Object.entries(added).filter((entry): entry is [string, number] => isId(entry[1]))),
  };
}

async function readOptional(folder: string, name: string): Promise<Record<string, unknown>> {
  const path = join(folder, name);
  return existsSync(path) ? readJsonObject(path, maxBytes) : {};
}

function specialTokens(...sources: readonly Record<string, unknown>[]): SpecialTokens {
  const named = (kind: keyof SpecialTokens): string =>
    sources.map((source) => tokenText(source[`${kind}_token`])).find((text) => text !== undefined) ??
    defaultSpecialTokens[kind];
  return { pad: named('pad'), cls: named('cls'), sep: named('sep'), unk: named('unk'), mask: named('mask') };
}

/** A token is written as its text or as an object with `content`. */
function tokenText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const content = (value as { content?: unknown } | null | undefined)?.content;
  return typeof content === 'string' ? content : undefined;
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
