import type { Tokenizer as Library } from 'tokenizers';
import { InputFault } from '../../errors/fault.js';
import { sameOnceNormalized } from './added-vocabulary.js';
import { checkMaxLength, type ExportedUse, type Tokenizer } from './contract.js';
import { withinPatience } from './deadline.js';
import { readLibrary } from './foreign-json.js';
import type { SettledJson } from './rebuilt-json.js';
import { exportFiles, modelIds } from './tokenizer-json.js';

/** Handed to the library at a time: what it returns takes far more memory than the ids. */
const batch = { texts: 1024, characters: 4 << 20 };

/** A `tokenizer.json` run by Hugging Face's library. */
export class LibraryTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly padId: number;
  readonly unkId: number;
  /** Of the first and the last token of every text. */
  #frame: readonly [cls: number, sep: number];
  readonly #where: string;
  readonly #settled: SettledJson;
  /** One instance for each length asked for: the library keeps the truncation as a setting. */
  readonly #byLength = new Map<number, Library>();

  private constructor(where: string, settled: SettledJson) {
    const { json, special } = settled;
    const ids = modelIds(json);
    for (const { content, id } of json.added_tokens) ids.set(content, id);
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
    this.#settled = settled;
    let highest = -1;
    for (const id of ids.values()) highest = Math.max(highest, id);
    this.vocabularySize = 1 + highest;
    this.padId = idOf(special.pad);
    this.unkId = idOf(special.unk);
    this.#frame = [ids.get(special.cls) ?? -1, ids.get(special.sep) ?? -1];
  }

  get clsId(): number {
    return this.#frame[0];
  }

  get sepId(): number {
    return this.#frame[1];
  }

  /** Refuses a tokenizer that does not frame a text by a first and a last special token. */
  static async create(where: string, settled: SettledJson): Promise<LibraryTokenizer> {
    const tokenizer = new LibraryTokenizer(where, settled);
    const [empty] = await tokenizer.encode([''], 8);
    const special = new Set(settled.json.added_tokens.map(({ id }) => id))
      .add(tokenizer.clsId)
      .add(tokenizer.sepId);
    const [cls = -1, sep = -1] = empty ?? [];
    if (empty?.length !== 2 || cls === sep || !special.has(cls) || !special.has(sep)) {
      throw new InputFault({
        where,
        what: 'the tokenizer does not frame a text as the model expects',
        expected: `${settled.special.cls} … ${settled.special.sep}`,
        found: `ids [${(empty ?? []).join(', ')}] for an empty text`,
      });
    }
    tokenizer.#frame = [cls, sep];
    return tokenizer;
  }

  async encode(texts: readonly string[], maxLength: number): Promise<Int32Array[]> {
    const library = this.#library(maxLength);
    const encoded: Int32Array[] = [];
    for (const some of batches(texts)) {
      const characters = some.reduce((sum, text) => sum + text.length, 0);
      const encodings = await withinPatience(this.#where, characters, this.#run(library, some));
      for (const encoding of encodings) {
        const ids = Int32Array.from(encoding.getIds());
        this.#check(ids, maxLength);
        encoded.push(ids);
      }
    }
    return encoded;
  }

  files(use: ExportedUse): Record<string, string> {
    return exportFiles(this.#settled.json, this.#settled, use);
  }

  async #run(library: Library, texts: string[]): ReturnType<Library['encodeBatch']> {
    try {
      return await library.encodeBatch(texts);
    } catch (cause) {
      throw new InputFault(
        {
          where: this.#where,
          what: 'the tokenizers library cannot run the tokenizer',
          found: cause instanceof Error ? cause.message.slice(0, 200) : 'an unknown error',
        },
        { cause },
      );
    }
  }

  /** What a template puts around a text need not be of the vocabulary, nor leave it short. */
  #check(ids: Int32Array, maxLength: number): void {
    const beyond = ids.find((id) => id < 0 || id >= this.vocabularySize);
    if (beyond === undefined && ids.length <= maxLength) return;
    throw new InputFault({
      where: this.#where,
      what:
        beyond === undefined
          ? 'the tokenizer does not cut a text to the length that is asked for'
          : 'the tokenizer gives an id that its vocabulary does not have',
      expected: beyond === undefined ? `at most ${maxLength} tokens` : `below ${this.vocabularySize}`,
      found: `${beyond ?? ids.length}`,
      remedy: 'Use the tokenizer that the checkpoint was trained with.',
    });
  }

  /** The file's own truncation and padding give way to the pipeline's. */
  #library(maxLength: number): Library {
    checkMaxLength(maxLength);
    const known = this.#byLength.get(maxLength);
    if (known !== undefined) return known;
    const { json, truncationSide } = this.#settled;
    const direction = truncationSide === 'left' ? 'Left' : 'Right';
    const truncation = { direction, max_length: maxLength, strategy: 'LongestFirst', stride: 0 };
    if (this.#byLength.size === 0) this.#checkNormalized();
    // Nothing is decoded here, so nothing of a decoder need be read.
    const library = readLibrary(this.#where, { ...json, truncation, padding: null, decoder: null });
    for (const { content, id } of json.added_tokens) {
      if (library.tokenToId(content) === id) continue;
      throw new InputFault({ where: this.#where, what: 'the library gives the added tokens other ids' });
    }
    this.#byLength.set(maxLength, library);
    return library;
  }

  /** Tokens that are looked for in the normalised text must be told from each other there. */
  #checkNormalized(): void {
    const { added_tokens: added, ...json } = this.#settled.json;
    const normalized = added.filter((token) => token.normalized);
    if (normalized.length === 0) return;
    const bare = { ...json, added_tokens: [], truncation: null, padding: null, decoder: null };
    const normalizer = readLibrary(this.#where, bare).getNormalizer();
    const known = new Map<string, number>();
    for (const { content, id } of normalized) {
      const text = normalizer?.normalizeString(content) ?? content;
      if (text === '' || (known.get(text) ?? id) !== id) throw sameOnceNormalized(this.#where);
      known.set(text, id);
    }
  }
}

function* batches(texts: readonly string[]): Generator<string[]> {
  let some: string[] = [];
  let characters = 0;
  for (const text of texts) {
    some.push(text);
    characters += text.length;
    if (some.length < batch.texts && characters < batch.characters) continue;
    yield some;
    some = [];
    characters = 0;
  }
  if (some.length > 0) yield some;
}
