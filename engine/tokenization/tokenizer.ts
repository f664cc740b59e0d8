import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import { readBoundedFile } from '../checkpoint/regular-file.js';
import { tokenizerFiles } from '../checkpoint/model-files.js';
import { AddedVocabulary } from './added-vocabulary.js';
import { defaultSpecialTokens, specialTokens, type Tokenizer } from './contract.js';
import { parseTokenizerJson } from './foreign-json.js';
import { LibraryTokenizer } from './library-tokenizer.js';
import { rebuild, truncationSide, type SettledJson } from './rebuilt-json.js';
import { frameModel, SentencePieceTokenizer } from './sentencepiece.js';
import { fromTokenizerJson, markerKey } from './sentencepiece-json.js';
import { parseSentencePieceModel } from './sentencepiece-model.js';
import { plainSettings, readSettings, type TokenizerSettings } from './settings.js';
import type { TokenizerClass } from './tokenizer-class.js';
import { baseVocabulary, type TokenizerJson } from './tokenizer-json.js';
import { addTokens } from './tokens-to-add.js';
import { vocabularyOf, wordPieceModel } from './wordpiece.js';

export { checkVocabulary, type Tokenizer } from './contract.js';

const maxTokenizerBytes = 64 << 20;

type Load = (path: string, bytes: Buffer, settings: TokenizerSettings) => Promise<Tokenizer>;

const loaders: Readonly<Record<(typeof tokenizerFiles)[number], Load>> = {
  'tokenizer.json': (path, bytes, settings) => load(path, bytes, settings),
  'spm.model': loadSentencePiece,
  'vocab.txt': loadVocabulary,
};

/** The tokenizer of a model folder: `tokenizer.json`, else `spm.model`, else BERT's `vocab.txt`. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const name = tokenizerFiles.find((file) => existsSync(join(folder, file)));
  if (name === undefined) {
    throw new InputFault({
      where: folder,
      what: 'the model folder has no tokenizer',
      expected: `one of ${tokenizerFiles.join(', ')}`,
      remedy: 'Save the tokenizer beside the model.',
    });
  }
  const path = join(folder, name);
  return loaders[name](path, await readBoundedFile(path, maxTokenizerBytes), await readSettings(folder));
}

/** A tokenizer of the content of a `tokenizer.json` alone, such as a learnt one. */
export async function parseTokenizer(json: string, where = 'tokenizer.json'): Promise<Tokenizer> {
  return load(where, json, plainSettings);
}

async function load(
  where: string,
  text: Uint8Array | string,
  settings: TokenizerSettings,
): Promise<Tokenizer> {
  const json = parseTokenizerJson(where, text);
  const marker = settings.config[markerKey];
  if (marker !== undefined)
    return new SentencePieceTokenizer(where, fromTokenizerJson(where, json, marker, settings));
  const { class: kind = 'library' } = settings;
  if (kind === 'library') return LibraryTokenizer.create(where, settle(where, json, settings));
  return LibraryTokenizer.create(where, rebuild(where, kind, json, settings));
}

/** A `tokenizer.json` as it is, with the tokens that the settings add. */
function settle(where: string, json: TokenizerJson, settings: TokenizerSettings): SettledJson {
  const vocabulary = new AddedVocabulary(baseVocabulary(json));
  vocabulary.add(json.added_tokens);
  const { pad_token: pad } = (json['padding'] ?? {}) as { pad_token?: unknown };
  const names = addTokens(
    vocabulary,
    settings,
    json.added_tokens,
    typeof pad === 'string' ? { pad_token: pad } : {},
  );
  return {
    json: { ...json, added_tokens: vocabulary.list() },
    special: specialTokens(where, names),
    truncationSide: truncationSide(settings, json),
  };
}

async function loadSentencePiece(
  path: string,
  bytes: Buffer,
  settings: TokenizerSettings,
): Promise<Tokenizer> {
  requireClass(path, settings, 'deberta-v2');
  const model = parseSentencePieceModel(path, bytes);
  return Promise.resolve(new SentencePieceTokenizer(path, frameModel(path, model, settings)));
}

async function loadVocabulary(path: string, bytes: Buffer, settings: TokenizerSettings): Promise<Tokenizer> {
  requireClass(path, settings, 'bert');
  if (!isUtf8(bytes)) throw new InputFault({ where: path, what: 'the vocabulary is not UTF-8' });
  const vocab = vocabularyOf(path, bytes.toString('utf8'));
  const model = wordPieceModel(vocab, defaultSpecialTokens.unk);
  return LibraryTokenizer.create(path, rebuild(path, 'bert', { added_tokens: [], model }, settings));
}

/** Each file is of one class; another would not look at it. */
function requireClass(path: string, { class: kind }: TokenizerSettings, expected: TokenizerClass): void {
  if (kind === undefined || kind === expected) return;
  throw new InputFault({
    where: path,
    what: `a tokenizer of the kind ${kind} is not made of ${basename(path)}`,
    remedy: 'Set tokenizer_class of tokenizer_config.json, or provide a tokenizer.json.',
  });
}
