import { mutateBytes, mutateJson, mutateText, oddText } from '../mutations.js';
import type { FuzzTarget } from '../target.js';
import { bytePairs } from './tokenizer-samples.js';
import { tokenize } from './tokenizer-texts.js';

const { model } = bytePairs as {
  model: { vocab: Readonly<Record<string, number>>; merges: readonly (string | readonly string[])[] };
};
const lines = model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));

/** Between the two files of one input. */
const border = '\n\0\n';

/** `vocab.json` and `merges.txt` of a RoBERTa, one of them changed. */
export const bytePairFiles: FuzzTarget = {
  name: 'byte-pairs',
  reads: 'vocab.json and merges.txt',
  extension: '.txt',
  make(dice) {
    const vocab = JSON.stringify(model.vocab);
    const merges = ['#version: 0.2', ...lines, ''].join('\n');
    const joined = (first: string | Uint8Array, second: string | Uint8Array): Buffer =>
      Buffer.concat([Buffer.from(first), Buffer.from(border), Buffer.from(second)]);
    switch (dice.one(['vocab', 'vocab', 'text', 'lines', 'lines', 'bytes', 'sound'] as const)) {
      case 'vocab':
        return joined(JSON.stringify(mutateJson(dice, model.vocab)) ?? '', merges);
      case 'text':
        return joined(mutateText(dice, vocab), merges);
      case 'bytes':
        return joined(vocab, mutateBytes(dice, Buffer.from(merges)));
      case 'lines': {
        const changed = [...lines];
        const at = Math.floor(dice.between(0, changed.length));
        changed.splice(
          at,
          dice.one([0, 1, 3]) ?? 1,
          dice.one([oddText(dice), lines[0]!, 'h e l', '#version', '']) ?? '',
        );
        return joined(vocab, changed.join(dice.one(['\n', '\r\n', '\n\n']) ?? '\n'));
      }
      default:
        return joined(vocab, merges);
    }
  },
  run(input, scratch) {
    const bytes = Buffer.from(input);
    const at = bytes.indexOf(border);
    return tokenize(scratch, {
      'config.json': '{"model_type": "roberta"}',
      'vocab.json': at < 0 ? bytes : bytes.subarray(0, at),
      'merges.txt': at < 0 ? '' : bytes.subarray(at + border.length),
    });
  },
};
