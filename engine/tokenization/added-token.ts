import { InputFault } from '../../errors/fault.js';

/** A token beside the model's own, looked for in a text before the model sees it. */
export interface AddedToken {
  readonly content: string;
  /** Only where no letter or digit is next to it. */
  readonly single_word: boolean;
  /** Takes the blanks before it. */
  readonly lstrip: boolean;
  /** Takes the blanks behind it. */
  readonly rstrip: boolean;
  /** Looked for in the normalised text, after those that are not. */
  readonly normalized: boolean;
  readonly special: boolean;
}

/** As a `tokenizer.json` lists it. */
export interface AddedTokenWithId extends AddedToken {
  readonly id: number;
}

const flags = ['single_word', 'lstrip', 'rstrip', 'normalized', 'special'] as const;

/** More tokens than any checkpoint adds, and longer ones. */
const maxContent = 1000;
export const maxAddedTokens = 100_000;

/** A token of which only the text is known; special ones are looked for in the text as it stands. */
export function plainToken(content: string, special: boolean): AddedToken {
  return { content, single_word: false, lstrip: false, rstrip: false, normalized: !special, special };
}

/**
 * An object with `content` and flags, as the settings and `tokenizer.json` write a token.
 *
 * @param otherwise where a flag is missing; null where all must be there
 */
export function parseAddedToken(
  where: string,
  value: unknown,
  otherwise: Partial<AddedToken> | null,
): AddedToken {
  if (!isRecord(value)) throw malformed(where);
  const { content } = value;
  if (typeof content !== 'string' || content.length > maxContent) throw malformed(where);
  const special = value['special'] ?? otherwise?.special ?? false;
  const defaults = otherwise === null ? null : { ...plainToken(content, special === true), ...otherwise };
  const token: Record<string, unknown> = { content };
  for (const flag of flags) {
    const set = value[flag] === undefined ? defaults?.[flag] : value[flag];
    if (typeof set !== 'boolean') throw malformed(where);
    token[flag] = set;
  }
  return token as unknown as AddedToken;
}

/** The token with that id, and nothing else. */
export function withId(id: number, token: AddedToken): AddedTokenWithId {
  const { content, single_word, lstrip, rstrip, normalized, special } = token;
  return { id, content, single_word, lstrip, rstrip, normalized, special };
}

export function sameToken(a: AddedToken, b: AddedToken): boolean {
  return a.content === b.content && flags.every((flag) => a[flag] === b[flag]);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(where: string): InputFault {
  return new InputFault({
    where,
    what: 'an added token is malformed',
    expected: `its text as content, at most ${maxContent} characters, and flags that are true or false`,
  });
}
