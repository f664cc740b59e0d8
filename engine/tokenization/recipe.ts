import type { TokenizerSettings } from './settings.js';
import type { NamedToken } from './settings-tokens.js';
import type { TokenizerJson } from './tokenizer-json.js';
import type { NameDefaults, NamedByText } from './tokens-to-add.js';

/** How a class makes a `tokenizer.json` of a vocabulary. */
export interface Recipe {
  /** Names of special tokens that the settings do not give. */
  readonly names: NameDefaults;
  /** How it takes such a token by its text; by default as the text alone. */
  readonly byName?: NamedByText;
  /** Tokens to add in the place of the settings' own; null for those. */
  readonly extra?: (settings: TokenizerSettings) => readonly NamedToken[] | null;
  /** What `frame` calls the first and the last token. */
  readonly frame: readonly [first: string, last: string];
  /** Where the two have to be; by default they may also be added. */
  readonly framedBy?: 'vocabulary';
  /** How a text is framed; by default by a template. */
  readonly processor?: (
    first: [string, number],
    last: [string, number],
    json: TokenizerJson,
  ) => Record<string, unknown>;
  readonly model: (where: string, json: TokenizerJson, unk: string, settings: TokenizerSettings) => object;
  readonly preparation: (settings: TokenizerSettings, json: TokenizerJson) => Record<string, unknown>;
}
