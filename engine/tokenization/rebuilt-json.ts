import { InputFault } from '../../errors/fault.js';
import { AddedVocabulary } from './added-vocabulary.js';
import { recipes } from './class-recipes.js';
import { specialTokens, type SpecialTokens } from './contract.js';
import type { TokenizerSettings } from './settings.js';
import type { TokenizerClass } from './tokenizer-class.js';
import { addTokens } from './tokens-to-add.js';
import { baseVocabulary, frameTemplate, type TokenizerJson } from './tokenizer-json.js';

/** A tokenizer that the library runs, with what else its settings say. */
export interface SettledJson {
  readonly json: TokenizerJson;
  readonly special: SpecialTokens;
  readonly truncationSide: 'left' | 'right';
}

/**
 * Makes a tokenizer as transformers 5 does for the class: of a `tokenizer.json` it takes the vocabulary,
 * the added tokens and the side of truncation; how a text is prepared and framed the settings say.
 *
 * @param json one with a vocabulary; of a `vocab.txt` the rest is empty
 */
export function rebuild(
  where: string,
  kind: Exclude<TokenizerClass, 'library'>,
  json: TokenizerJson,
  settings: TokenizerSettings,
): SettledJson {
  const { names: defaults, byName, extra, frame, framedBy, processor, model, preparation } = recipes[kind];
  const base = baseVocabulary(json);
  const vocabulary = new AddedVocabulary(base);
  const added = { ...settings, extra: extra?.(settings) ?? settings.extra };
  const names = addTokens(vocabulary, added, json.added_tokens, defaults, byName);
  const special = specialTokens(where, names);
  const [first, last] = frame.map((name): [string, number] => {
    const text = names.get(name);
    const known = framedBy === 'vocabulary' ? base : vocabulary;
    const id = typeof text === 'string' ? known.idOf(text) : undefined;
    if (typeof text === 'string' && id !== undefined) return [text, id];
    throw new InputFault({ where, what: `${name} is missing`, expected: 'the text of a token' });
  }) as [[string, number], [string, number]];
  return {
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: vocabulary.list(),
      ...preparation(settings, json),
      post_processor: (processor ?? frameTemplate)(first, last, json),
      model: model(where, json, special.unk, settings) as TokenizerJson['model'],
    },
    special,
    truncationSide: truncationSide(settings, json),
  };
}

/** The settings' side, else the file's own. */
export function truncationSide(
  settings: Pick<TokenizerSettings, 'truncationSide'>,
  json: Readonly<Record<string, unknown>>,
): 'left' | 'right' {
  const own = (json['truncation'] as { direction?: unknown } | null | undefined)?.direction;
  return settings.truncationSide ?? (own === 'Left' ? 'left' : 'right');
}
