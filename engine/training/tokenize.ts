import { setImmediate as breathe } from 'node:timers/promises';
import type { Texts } from '../../data/column-file/reader.js';
import type { Classifier } from '../models/family.js';
import type { Tokenizer } from '../tokenization/tokenizer.js';

const TEXTS_AT_ONCE = 500;

/** The pipeline's truncation, or the model's where that is shorter. */
export function longestText(maxLength: number, classifier: Classifier): number {
  return Math.min(maxLength, classifier.maxLength ?? Infinity);
}

/**
 * Tokenises some texts at a time: in between, the process hears whether it is to stop, and can show that it
 * lives.
 *
 * @param longest tokens of a text; the rest is cut off
 * @param onProgress called in between
 */
export async function tokenize(
  tokenizer: Tokenizer,
  texts: readonly string[] | Texts,
  longest: number,
  onProgress: () => void = () => undefined,
): Promise<Int32Array[]> {
  const tokens: Int32Array[] = [];
  for (const list of 'lists' in texts ? texts.lists(TEXTS_AT_ONCE) : listsOf(texts)) {
    tokens.push(...(await tokenizer.encode(list, longest)));
    onProgress();
    await breathe();
  }
  return tokens;
}

function* listsOf(texts: readonly string[]): Iterable<readonly string[]> {
  for (let first = 0; first < texts.length; first += TEXTS_AT_ONCE)
    yield texts.slice(first, first + TEXTS_AT_ONCE);
}
