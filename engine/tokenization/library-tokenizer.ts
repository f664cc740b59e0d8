import { Tokenizer as Library } from 'tokenizers';
import { InputFault } from '../../errors/fault.js';
import type { TokenizerSettings } from './settings.js';
import { checkMaxLength, type SpecialTokens, type Tokenizer } from './contract.js';
import { exportFiles, tokenIds, type TokenizerJson } from './tokenizer-json.js';

/** Texts handed to the library at a time: what it returns takes far more memory than the ids. */
const batch = 1024;

/** A `tokenizer.json` run by Hugging Face's library. */
export class LibraryTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly padId: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly unkId: number;
  readonly #where: string;
  readonly #json: TokenizerJson;
  readonly #special: SpecialTokens;
  /** One instance for each length asked for: the library keeps the truncation as a setting. */
  readonly #byLength = new Map<number, Library>();

  private constructor(where: string, json: TokenizerJson, special: SpecialTokens) {
    const ids = tokenIds(json);
    const idOf = (token: string): number => {
      const id = ids.get(token);
      if (id !== undefined) return id;
      throw new InputFault({
        where,
        what: `the tokenizer lacks its special token ${token}`,
        remedy: 'Check that tokenizer.json and tokenizer_config.json belong together.',
      });
    };
    this.#where = where;
    this.#json = json;
    this.#special = special;
    this.vocabularySize = 1 + [...ids.values()].reduce((highest, id) => Math.max(highest, id), -1);
    this.padId = idOf(special.pad);
    this.clsId = idOf(special.cls);
    this.sepId = idOf(special.sep);
    this.unkId = idOf(special.unk);
  }

  /** Refuses a tokenizer that does not frame a text by its first and last special token. */
  static async create(
    where: string,
    json: TokenizerJson,
    settings: TokenizerSettings,
  ): Promise<LibraryTokenizer> {
    const tokenizer = new LibraryTokenizer(where, json, settings.special);
    const [empty] = await tokenizer.encode([''], 8);
    const framed = empty?.length === 2 && empty[0] === tokenizer.clsId && empty[1] === tokenizer.sepId;
    if (framed) return tokenizer;
    throw new InputFault({
      where,
      what: 'the tokenizer does not frame a text as the model expects',
      expected: `${settings.special.cls} … ${settings.special.sep}`,
      found: `ids [${(empty ?? []).join(', ')}] for an empty text`,
    });
  }

  async encode(texts: readonly string[], maxLength: number): Promise<Int32Array[]> {
    const library = this.#library(maxLength);
    const encoded: Int32Array[] = [];
    for (let from = 0; from < texts.length; from += batch) {
      const encodings = await library.encodeBatch(texts.slice(from, from + batch));
      for (const encoding of encodings) encoded.push(Int32Array.from(encoding.getIds()));
    }
    return encoded;
  }

  files(): Record<string, string> {
    return exportFiles(this.#json, this.#special);
  }

  /** The file's own truncation and padding give way to the pipeline's. */
  #library(maxLength: number): Library {
    checkMaxLength(maxLength);
    const truncation = { direction: 'Right', max_length: maxLength, strategy: 'LongestFirst', stride: 0 };
    const library =
      this.#byLength.get(maxLength) ??
      this.#parse(JSON.stringify({ ...this.#json, truncation, padding: null }));
    this.#byLength.set(maxLength, library);
    return library;
  }

  #parse(json: string): Library {
    try {
      return Library.fromString(json);
    } catch (cause) {
      throw new InputFault(
        {
          where: this.#where,
          what: 'the tokenizers library cannot read the tokenizer',
          found: cause instanceof Error ? cause.message.slice(0, 200) : 'an unknown error',
        },
        { cause },
      );
    }
  }
}
