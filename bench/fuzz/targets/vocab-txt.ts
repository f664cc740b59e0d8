import { mutateBytes, mutateText, oddText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';
import { vocabulary } from './tokenizer-samples.js';
import { asItIs, tokenize } from './tokenizer-texts.js';

/** BERT's `vocab.txt`, alone in its folder. */
export const vocabTxt: FuzzTarget = {
  name: 'vocab-txt',
  reads: 'vocab.txt',
  extension: '.txt',
  make(dice) {
    const lines = [...vocabulary];
    switch (dice.one(['lines', 'lines', 'bytes', 'text', 'sound'] as const)) {
      case 'bytes':
        return mutateBytes(dice, Buffer.from(lines.join('\n')));
      case 'text':
        return Buffer.from(mutateText(dice, lines.join('\n')));
      case 'lines': {
        for (let left = dice.one([1, 2, 8]) ?? 1; left > 0; left--) {
          const at = Math.floor(dice.between(0, lines.length));
          lines.splice(at, dice.one([0, 1, 4]) ?? 1, dice.one([oddText(dice), lines[0]!, '##', '\r']) ?? '');
        }
        return Buffer.from(lines.join(dice.one(['\n', '\r\n', '\n\n']) ?? '\n'));
      }
      default:
        return Buffer.from(`${lines.join('\n')}\n`);
    }
  },
  run: (input, scratch) => tokenize(scratch, { 'config.json': asItIs['config.json'], 'vocab.txt': input }),
};
