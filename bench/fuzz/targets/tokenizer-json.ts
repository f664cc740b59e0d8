import { mutateBytes, mutateJson, mutateText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';
import { bytePairs, unigram, wordPiece } from './tokenizer-samples.js';
import { asItIs, tokenize } from './tokenizer-texts.js';

/** Replacements that each make a text longer, one in another or one behind another. */
function growing(content: string, count: number, nested: boolean): unknown {
  const replace = { type: 'Replace', pattern: { String: 'a' }, content };
  const flat = { type: 'Sequence', normalizers: Array.from({ length: count }, () => replace) };
  if (!nested) return flat;
  let part: unknown = replace;
  for (let depth = 0; depth < count; depth++) part = { type: 'Sequence', normalizers: [part, replace] };
  return part;
}

const slow = ['(a|aa)+$', '(\\w+\\s?)+!', '((a*)*)*b', '(?:(?:(?:.*)*)*)*x', '\\b(\\p{L}+)*\\d'];

/** A `tokenizer.json`, run as it is. */
export const tokenizerJson: FuzzTarget = {
  name: 'tokenizer-json',
  reads: 'tokenizer.json',
  extension: '.json',
  make(dice) {
    const sound = dice.one([wordPiece, unigram, bytePairs]) as Record<string, unknown>;
    switch (dice.weighted({ parts: 6, whole: 4, bytes: 1, text: 1, growing: 1, slow: 1 })) {
      case 'bytes':
        return mutateBytes(dice, Buffer.from(JSON.stringify(sound)));
      case 'text':
        return Buffer.from(mutateText(dice, JSON.stringify(sound)));
      case 'whole':
        return Buffer.from(JSON.stringify(mutateJson(dice, sound)));
      case 'growing': {
        const content = dice.one(['aa', 'aaaa', 'a'.repeat(1000), 'ab']) as string;
        const normalizer = growing(content, dice.one([1, 3, 10, 40, 200]) ?? 3, dice.between(0, 1) < 0.5);
        return Buffer.from(JSON.stringify({ ...sound, normalizer }));
      }
      case 'slow': {
        const pattern = { Regex: dice.one(slow) };
        const part =
          dice.between(0, 1) < 0.5
            ? { pre_tokenizer: { type: 'Split', pattern, behavior: 'Isolated', invert: false } }
            : { normalizer: { type: 'Replace', pattern, content: ' ' } };
        return Buffer.from(JSON.stringify({ ...sound, ...part }));
      }
      case 'parts': {
        const part = dice.one([
          'normalizer',
          'pre_tokenizer',
          'post_processor',
          'added_tokens',
          'model',
        ] as const);
        return Buffer.from(JSON.stringify({ ...sound, [part!]: mutateJson(dice, sound[part!]) }));
      }
    }
  },
  run: (input, scratch) => tokenize(scratch, { ...asItIs, 'tokenizer.json': input }),
};
