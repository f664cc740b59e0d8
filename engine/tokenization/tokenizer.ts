import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import { readBoundedFile } from '../checkpoint/regular-file.js';
import { tokenizerFiles } from '../checkpoint/model-files.js';
import { LibraryTokenizer } from './library-tokenizer.js';
import { frameModel, SentencePieceTokenizer } from './sentencepiece.js';
import { fromTokenizerJson, markerKey } from './sentencepiece-json.js';
import { parseSentencePieceModel } from './sentencepiece-model.js';
import { plainSettings, readSettings, type TokenizerSettings } from './settings.js';
import type { Tokenizer } from './contract.js';
import { parseTokenizerJson } from './tokenizer-json.js';
import { wordPieceTokenizer } from './wordpiece.js';

export { checkVocabulary, type Tokenizer } from './contract.js';

const maxTokenizerBytes = 64 << 20;

type Load = (path: string, bytes: Buffer, settings: TokenizerSettings) => Promise<Tokenizer>;

const loaders: Readonly<Record<(typeof tokenizerFiles)[number], Load>> = {
  'tokenizer.json': (path, bytes, settings) => load(path, bytes.toString('utf8'), settings),
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

async function load(where: string, text: string, settings: TokenizerSettings): Promise<Tokenizer> {
  const json = parseTokenizerJson(where, text);
  const marker = settings.config[markerKey];
  if (marker === undefined) return LibraryTokenizer.create(where, json, settings);
  const { model, lowercase } = fromTokenizerJson(where, json, marker);
  const added = new Map((json.added_tokens ?? []).map(({ content, id }) => [content, id]));
  return new SentencePieceTokenizer(where, {
    ...frameModel(where, model, { ...settings, added }),
    lowercase,
  });
}

async function loadSentencePiece(
  path: string,
  bytes: Buffer,
  settings: TokenizerSettings,
): Promise<Tokenizer> {
  const model = parseSentencePieceModel(path, bytes);
  return Promise.resolve(new SentencePieceTokenizer(path, frameModel(path, model, settings)));
}

async function loadVocabulary(path: string, bytes: Buffer, settings: TokenizerSettings): Promise<Tokenizer> {
  const lines = bytes.toString('utf8').split(/\r?\n/);
  const tokens = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  const { config, special } = settings;
  const stripAccents = config['strip_accents'];
  const normalization = {
    lowercase: config['do_lower_case'] !== false,
    stripAccents: typeof stripAccents === 'boolean' ? stripAccents : null,
    handleChineseChars: config['tokenize_chinese_chars'] !== false,
  };
  return LibraryTokenizer.create(path, wordPieceTokenizer(tokens, normalization, special), settings);
}
