import { plainToken, type AddedToken } from './added-token.js';
import { fairseqNames } from './contract.js';
import { checkTableForLibrary } from './replacements.js';
import { parseSentencePieceModel, type SentencePieceModel } from './sentencepiece-model.js';
import type { TokenizerSettings } from './settings.js';
import type { NamedToken } from './settings-tokens.js';
import type { TokenizerClass } from './tokenizer-class.js';
import type { TokenizerJson } from './tokenizer-json.js';

type Pieces = [text: string, score: number][];

/**
 * The vocabularies that transformers makes of a SentencePiece model: fairseq's dictionaries begin with
 * special tokens of their own in the place of the model's, so that ids are shifted.
 */
const layouts = {
  albert: (pieces: Pieces): Pieces => pieces,
  'xlm-roberta': (pieces: Pieces, name: (kind: string) => string): Pieces => [
    [name('bos'), 0],
    [name('pad'), 0],
    [name('eos'), 0],
    [name('unk'), 0],
    ...pieces.slice(3),
    [name('mask'), 0],
  ],
  camembert: (pieces: Pieces, name: (kind: string) => string): Pieces => [
    ['<s>NOTUSED', 0],
    [name('pad'), 0],
    ['</s>NOTUSED', 0],
    [name('unk'), 0],
    ['<unk>NOTUSED', -100],
    ...pieces.slice(1),
    [name('mask'), 0],
  ],
} satisfies Partial<Record<TokenizerClass, unknown>>;

export type FairseqClass = keyof typeof layouts;

/** The settings with the model's own tokens, and the vocabulary as a `tokenizer.json` would hold it. */
export function fairseqVocabulary(
  where: string,
  bytes: Buffer,
  kind: FairseqClass,
  settings: TokenizerSettings,
): { json: TokenizerJson; settings: TokenizerSettings } {
  const model = parseSentencePieceModel(where, bytes);
  const pieces = model.pieces.map(({ text, score }): [string, number] => [text, score]);
  const table = model.normalization.charsMap.toString('base64');
  if (table !== '') checkTableForLibrary(where, table);
  const json = {
    added_tokens: [],
    normalizer: table === '' ? null : { type: 'Precompiled', precompiled_charsmap: table },
    model: {
      type: 'Unigram',
      vocab: layouts[kind](pieces, (name) => nameOf(settings, `${name}_token`)),
    },
  };
  if (settings.extraOrigin === 'list') return { json, settings };
  return { json, settings: { ...settings, extra: ownTokens(model), extraOrigin: 'list' } };
}

/** Pieces that the library looks for before it looks for others. */
function ownTokens({ pieces }: SentencePieceModel): AddedToken[] {
  return pieces
    .filter(({ kind }) => kind === 'control' || kind === 'userDefined')
    .map(({ text, kind }) => ({ ...plainToken(text, kind === 'control'), normalized: false }));
}

function nameOf({ named }: TokenizerSettings, name: string): string {
  const token: NamedToken | null | undefined = named.get(name);
  if (token === undefined || token === null) return fairseqNames[name] as string;
  return typeof token === 'string' ? token : token.content;
}
