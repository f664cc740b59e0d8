import { setImmediate as breathe } from 'node:timers/promises';
import type { Texts } from '../../data/column-file/reader.js';
import type { Tokenizer } from '../tokenization/tokenizer.js';
import { cut, type Reading } from './reading.js';

const TEXTS_AT_ONCE = 500;
/** Longer than any text: what is cut here must first be whole. */
const WHOLE = 2 ** 31 - 1;

/**
 * Tokenises some texts at a time: in between, the process hears whether it is to stop, and can show that it
 * lives.
 *
 * @param onProgress called in between
 */
export async function tokenize(
  tokenizer: Tokenizer,
  texts: readonly string[] | Texts,
  { longest, truncation }: Pick<Reading, 'longest' | 'truncation'>,
  onProgress: () => void = () => undefined,
): Promise<Int32Array[]> {
  const tokens: Int32Array[] = [];
  for (const list of 'lists' in texts ? texts.lists(TEXTS_AT_ONCE) : listsOf(texts)) {
    if (truncation === undefined) tokens.push(...(await tokenizer.encode(list, longest)));
    else for (const text of await tokenizer.encode(list, WHOLE)) tokens.push(cut(text, longest, truncation));
    onProgress();
    await breathe();
  }
  return tokens;
}

function* listsOf(texts: readonly string[]): Iterable<readonly string[]> {
  for (let first = 0; first < texts.length; first += TEXTS_AT_ONCE)
    yield texts.slice(first, first + TEXTS_AT_ONCE);
}
