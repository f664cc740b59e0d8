import { InputFault } from '../../errors/fault.js';
import type { AddedToken, AddedTokenWithId } from './added-token.js';
import { sameToken, withId } from './added-token.js';
import { TextTrie } from './text-trie.js';

/** What the model itself knows. */
export interface BaseVocabulary {
  /** Number of its entries. */
  readonly size: number;
  idOf(token: string): number | undefined;
}

/** A stretch of a text: an added token, or what lies between two of them. */
export type Stretch = { readonly id: number } | { readonly text: string };

const wordBehind = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const wordAhead = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;
const blankAhead = /^\p{White_Space}*/u;
const blank = /\p{White_Space}/u;

/**
 * The tokens added to a model, as the `tokenizers` library keeps them (added_vocabulary.rs): whatever
 * id a file gives a token, a known text keeps its id and a new one gets the next.
 */
export class AddedVocabulary {
  readonly #base: BaseVocabulary;
  readonly #ids = new Map<string, number>();
  readonly #tokens = new Map<number, AddedToken>();
  readonly #special = new Map<string, AddedToken>();
  readonly #others: AddedToken[] = [];
  readonly #sequence: AddedToken[] = [];
  #highest = -1;

  constructor(base: BaseVocabulary) {
    this.#base = base;
  }

  add(tokens: readonly AddedToken[]): void {
    for (const token of tokens) {
      if (token.special && !this.#special.has(token.content)) this.#special.set(token.content, token);
    }
    for (const token of tokens) this.#add(token);
  }

  idOf(content: string): number | undefined {
    return this.#ids.get(content) ?? this.#base.idOf(content);
  }

  /** Whether it was added, with these flags. */
  has(token: AddedToken): boolean {
    const id = this.#ids.get(token.content);
    const known = id === undefined ? undefined : this.#tokens.get(id);
    return known !== undefined && sameToken(known, token);
  }

  contains(content: string): boolean {
    return this.#ids.has(content);
  }

  /** What a `tokenizer.json` lists: added in this order they make the same vocabulary again. */
  list(): AddedTokenWithId[] {
    return this.#sequence.map((token) => withId(this.#ids.get(token.content) as number, token));
  }

  /**
   * Finds the tokens in a text, those at the same place by the longest.
   *
   * @param where named in a fault @param write how the text was prepared, by which a token's own text is prepared too
   */
  splitter(where: string, normalized: boolean, write = (content: string): string => content): Splitter {
    const patterns = [...this.#special.values(), ...this.#others]
      .filter((token) => token.normalized === normalized)
      .map(({ content }) => ({ text: write(content), id: this.#ids.get(content) as number }));
    return new Splitter(where, patterns, this.#tokens);
  }

  #add(token: AddedToken): void {
    if (token.content === '' || this.has(token)) return;
    const id = this.idOf(token.content) ?? Math.max(this.#base.size, this.#highest + 1);
    this.#highest = Math.max(this.#highest, id);
    this.#ids.set(token.content, id);
    this.#tokens.set(id, token);
    this.#sequence.push(token);
    if (!this.#special.has(token.content)) this.#others.push(token);
  }
}

/** Splits texts at added tokens. */
export class Splitter {
  readonly #trie: TextTrie;
  readonly #tokens: ReadonlyMap<number, AddedToken>;
  readonly empty: boolean;

  constructor(
    where: string,
    patterns: readonly { readonly text: string; readonly id: number }[],
    tokens: ReadonlyMap<number, AddedToken>,
  ) {
    this.#trie = new TextTrie(where);
    this.#tokens = tokens;
    const taken = new Map<string, number>();
    for (const { text, id } of patterns) {
      if (text === '' || (taken.get(text) ?? id) !== id) throw sameOnceNormalized(where);
      taken.set(text, id);
      this.#trie.add(text, id);
    }
    this.empty = patterns.length === 0;
  }

  split(text: string): Stretch[] {
    if (this.empty) return [{ text }];
    const stretches: Stretch[] = [];
    let from = 0;
    for (let at = 0; at < text.length;) {
      const match = this.#trie.longest(text, at);
      if (match === undefined) {
        at++;
        continue;
      }
      const { start, end } = this.#extend(text, { start: at, end: match.end, id: match.value, from });
      at = match.end;
      if (end === start) continue;
      if (from < start) stretches.push({ text: text.slice(from, start) });
      stretches.push({ id: match.value });
      from = end;
    }
    if (from < text.length) stretches.push({ text: text.slice(from) });
    return stretches;
  }

  /** The match with the blanks that belong to it; nothing where it is part of a word and must not be. */
  #extend(
    text: string,
    { start, end, id, from }: { start: number; end: number; id: number; from: number },
  ): { start: number; end: number } {
    const token = this.#tokens.get(id) as AddedToken;
    const inWord = (): boolean =>
      wordBehind.test(text.slice(Math.max(0, start - 2), start)) || wordAhead.test(text.slice(end, end + 2));
    if (token.single_word && inWord()) return { start, end: start };
    let first = start;
    if (token.lstrip) while (first > from && blank.test(text[first - 1] as string)) first--;
    // A match may lie in the blanks that the one before took.
    first = Math.max(first, from);
    const behind = token.rstrip ? (blankAhead.exec(text.slice(end))?.[0].length ?? 0) : 0;
    return { start: first, end: end + behind };
  }
}

/** Where a text has which of them would be a matter of chance. */
export function sameOnceNormalized(where: string): InputFault {
  return new InputFault({
    where,
    what: 'an added token is empty, or the same as another, once it is normalised',
    remedy: 'Set normalized to false for them, or remove one.',
  });
}
