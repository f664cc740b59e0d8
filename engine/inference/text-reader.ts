import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Texts } from '../../data/column-file/reader.js';
import { chooseModelFiles, chosenNames } from '../checkpoint/model-files.js';
import { readBoundedFile } from '../checkpoint/regular-file.js';
import { loadTokenizer, maxTokenizerBytes, type Tokenizer } from '../tokenization/tokenizer.js';
import type { Reading } from './reading.js';
import { tokenize } from './tokenize.js';

/** How a model reads texts: its tokenizer, and what is kept of a long text. Models that read alike share one. */
export class TextReader {
  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly reading: Reading,
  ) {}

  /** @param onProgress called now and then @returns token ids, in the order given */
  tokens(texts: readonly string[] | Texts, onProgress?: () => void): Promise<Int32Array[]> {
    return tokenize(this.tokenizer, texts, this.reading, onProgress);
  }
}

/** The readers of some models: one for all whose tokenizer files are the same bytes, read the same way. */
export class TextReaders {
  private readonly known = new Map<string, TextReader>();

  async of(folder: string, reading: Reading): Promise<TextReader> {
    const key = `${await digestOf(folder)} ${JSON.stringify(reading)}`;
    let reader = this.known.get(key);
    if (reader === undefined) {
      reader = new TextReader(await loadTokenizer(folder), reading);
      this.known.set(key, reader);
    }
    return reader;
  }
}

/** SHA-256 of everything in a model's folder that decides about its tokens, its configuration included. */
async function digestOf(folder: string): Promise<string> {
  const choice = chooseModelFiles(await readdir(folder));
  const hash = createHash('sha256');
  for (const name of chosenNames({ ...choice, weights: undefined })) {
    const bytes = await readBoundedFile(join(folder, name), maxTokenizerBytes);
    hash.update(`${name} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}
