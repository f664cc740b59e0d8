import type { AddedToken } from './added-token.js';
import { plainToken } from './added-token.js';
import type { AddedVocabulary } from './added-vocabulary.js';
import type { TokenizerSettings } from './settings.js';
import { standardNames, type NamedToken } from './settings-tokens.js';

/** A class's own names of special tokens, such as `cls_token`. */
export type NameDefaults = Readonly<Record<string, string>>;

/** How a class takes a special token of which only the text is given. */
export type NamedByText = (name: string, text: string) => NamedToken;

const asText: NamedByText = (_, text) => text;

/** The mask takes the blanks before it. */
export const strippingMask: NamedByText = (name, text) =>
  name === 'mask_token' ? { ...plainToken(text, true), lstrip: true } : text;

/**
 * Adds what the settings name, in the order in which transformers 5 adds it (`TokenizersBackend`):
 * the declared tokens by id, then the named ones, then the extra ones.
 *
 * @param listed the tokens of `tokenizer.json`, which count as declared unless the settings declare all
 * @returns the text of each name; null where it is expressly none
 */
export function addTokens(
  vocabulary: AddedVocabulary,
  settings: TokenizerSettings,
  listed: readonly (AddedToken & { readonly id: number })[],
  defaults: NameDefaults,
  byName: NamedByText = asText,
): ReadonlyMap<string, string | null> {
  const declared = new Map(settings.declared);
  if (!settings.declaresAll) for (const { id, ...token } of listed) declared.set(id, token);
  const byText = new Map([...declared.values()].map((token) => [token.content, token]));
  const named = namedTokens(settings, byText, defaults, byName);

  const adding = [...declared]
    .sort(([a], [b]) => a - b)
    .map(([, token]) => token)
    .filter((token) => !vocabulary.has(token));
  const known = new Set(adding.map(({ content }) => content));
  const names = new Set([...named.values()].map((token) => token && textOf(token)));
  for (const token of [...named.values(), ...settings.extra]) {
    if (token === null || known.has(textOf(token)) || vocabulary.contains(textOf(token))) continue;
    known.add(textOf(token));
    adding.push(typeof token === 'string' ? plainToken(token, true) : token);
  }
  vocabulary.add(adding.map((token) => (names.has(token.content) ? { ...token, special: true } : token)));
  return new Map([...named].map(([name, token]) => [name, token && textOf(token)]));
}

/** By name, the standard ones first. A declared token of the same text brings its flags. */
function namedTokens(
  { named }: TokenizerSettings,
  byText: ReadonlyMap<string, AddedToken>,
  defaults: NameDefaults,
  byName: NamedByText,
): Map<string, NamedToken | null> {
  const marked = (name: string, token: NamedToken): NamedToken =>
    byText.get(textOf(token)) ?? (typeof token === 'string' ? byName(name, token) : token);
  const tokens = new Map<string, NamedToken | null>();
  for (const name of standardNames) {
    const token = named.get(name);
    if (token !== undefined) tokens.set(name, token && marked(name, token));
    else if (defaults[name] !== undefined) tokens.set(name, byName(name, defaults[name]));
  }
  for (const [name, token] of named) if (!tokens.has(name)) tokens.set(name, token);
  return tokens;
}

function textOf(token: NamedToken): string {
  return typeof token === 'string' ? token : token.content;
}
