import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import { parseJsonObject } from '../checkpoint/bounded-json.js';
import { mergesOfVocabulary, tokenizerFiles } from '../checkpoint/model-files.js';
import { readBoundedFile } from '../checkpoint/regular-file.js';
import { AddedVocabulary } from './added-vocabulary.js';
import { mergesOf } from './byte-level.js';
import {
  defaultSpecialTokens,
  fairseqNames,
  specialTokens,
  type SpecialTokens,
  type Tokenizer,
} from './contract.js';
import { fairseqVocabulary, type FairseqClass } from './fairseq-pieces.js';
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

/** No file of a tokenizer is longer. */
export const maxTokenizerBytes = 64 << 20;

type Load = (path: string, bytes: Buffer, settings: TokenizerSettings) => Promise<Tokenizer>;

const loaders: Readonly<Record<(typeof tokenizerFiles)[number], Load>> = {
  'tokenizer.json': (path, bytes, settings) => load(path, bytes, settings),
  'spm.model': loadSentencePiece,
  'sentencepiece.bpe.model': (path, bytes, settings) =>
    loadFairseq(path, bytes, settings, ['xlm-roberta', 'camembert']),
  'spiece.model': (path, bytes, settings) => loadFairseq(path, bytes, settings, ['albert']),
  'vocab.json': loadBytePairs,
  'vocab.txt': loadVocabulary,
};

/** The tokenizer of a model folder, of the first of `tokenizerFiles` that is there. */
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
    special: specialTokens(where, names, usualTokens(vocabulary)),
    truncationSide: truncationSide(settings, json),
  };
}

/** Where nothing names them: BERT's special tokens or fairseq's, whichever the tokenizer knows. */
function usualTokens(vocabulary: AddedVocabulary): SpecialTokens {
  const usual = (kind: keyof typeof defaultSpecialTokens): string => {
    const candidates = [defaultSpecialTokens[kind], fairseqNames[`${kind}_token`] as string];
    return (
      candidates.find((token) => vocabulary.contains(token)) ??
      candidates.find((token) => vocabulary.idOf(token) !== undefined) ??
      defaultSpecialTokens[kind]
    );
  };
  return { pad: usual('pad'), cls: usual('cls'), sep: usual('sep'), unk: usual('unk'), mask: usual('mask') };
}

async function loadSentencePiece(
  path: string,
  bytes: Buffer,
  settings: TokenizerSettings,
): Promise<Tokenizer> {
  requireClass(path, settings, ['deberta-v2']);
  const model = parseSentencePieceModel(path, bytes);
  return Promise.resolve(new SentencePieceTokenizer(path, frameModel(path, model, settings)));
}

async function loadVocabulary(path: string, bytes: Buffer, settings: TokenizerSettings): Promise<Tokenizer> {
  const kind = requireClass(path, settings, ['bert', 'mpnet']);
  if (!isUtf8(bytes)) throw new InputFault({ where: path, what: 'the vocabulary is not UTF-8' });
  const vocab = vocabularyOf(path, bytes.toString('utf8'));
  const model = wordPieceModel(vocab, defaultSpecialTokens.unk);
  return LibraryTokenizer.create(path, rebuild(path, kind, { added_tokens: [], model }, settings));
}

/** A SentencePiece model as transformers makes a `tokenizer.json` of it. */
async function loadFairseq(
  path: string,
  bytes: Buffer,
  settings: TokenizerSettings,
  classes: readonly [FairseqClass, ...FairseqClass[]],
): Promise<Tokenizer> {
  const kind = requireClass(path, settings, classes);
  const made = fairseqVocabulary(path, bytes, kind, settings);
  return LibraryTokenizer.create(path, rebuild(path, kind, made.json, made.settings));
}

/** The vocabulary and merges of byte-pair encoding. */
async function loadBytePairs(path: string, bytes: Buffer, settings: TokenizerSettings): Promise<Tokenizer> {
  const kind = requireClass(path, settings, ['roberta', 'deberta']);
  const beside = join(dirname(path), mergesOfVocabulary['vocab.json']);
  if (!existsSync(beside)) {
    throw new InputFault({
      where: path,
      what: 'the vocabulary has no merges beside it',
      expected: basename(beside),
      remedy: 'Copy it from the checkpoint too, or provide a tokenizer.json.',
    });
  }
  const merges = await readBoundedFile(beside, maxTokenizerBytes);
  if (!isUtf8(merges)) throw new InputFault({ where: beside, what: 'the merges are not UTF-8' });
  const model = {
    type: 'BPE',
    vocab: parseJsonObject(path, bytes),
    merges: mergesOf(beside, merges.toString('utf8')),
  };
  const json = parseTokenizerJson(path, JSON.stringify({ added_tokens: [], model }));
  return LibraryTokenizer.create(path, rebuild(path, kind, json, settings));
}

/**
 * Each file is of some classes; another would not look at it.
 *
 * @returns the class that is set, else the first
 */
function requireClass<Kind extends TokenizerClass>(
  path: string,
  { class: kind }: TokenizerSettings,
  expected: readonly [Kind, ...Kind[]],
): Kind {
  if (kind === undefined) return expected[0];
  const found = expected.find((candidate) => candidate === kind);
  if (found !== undefined) return found;
  throw new InputFault({
    where: path,
    what: `a tokenizer of the kind ${kind} is not made of ${basename(path)}`,
    remedy: 'Set tokenizer_class of tokenizer_config.json, or provide a tokenizer.json.',
  });
}
