import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTokenizer } from '../../../engine/tokenization/tokenizer.js';

/** The settings with which `tokenizer.json` is run as it is. */
export const asItIs = {
  'config.json': '{"model_type": "bert"}',
  'tokenizer_config.json': '{"tokenizer_class": "PreTrainedTokenizerFast"}',
};

/** What every tokenizer of a target is tried on. */
export const texts = [
  '',
  ' ',
  'the quick brown fox jumps over the lazy dog',
  "  I don't know, 12 or 45 cafés?! [MASK] [SEP]",
  '\ufb01ne \u00a0 e\u0301 \t \u{1f642} 日本語',
  'so the so the '.repeat(20),
];

const maxLength = 16;

/**
 * Loads a folder of such files as a checkpoint's and tokenises the texts.
 *
 * @returns the ids of each text
 * @throws Error where a result breaks what a tokenizer promises
 */
export async function tokenize(
  scratch: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<{ text: string; ids: number[] }[]> {
  const folder = join(scratch, 'model');
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const tokenizer = await loadTokenizer(folder);
  const ids = await tokenizer.encode(texts, maxLength);
  for (const text of ids) {
    const framed = text.at(0) === tokenizer.clsId && (text.at(-1) === tokenizer.sepId || text.length > 2);
    const within = text.every((id) => Number.isInteger(id) && id >= 0 && id < tokenizer.vocabularySize);
    if (text.length > maxLength || !within || !framed) throw new Error('ids that no tokenizer may give');
  }
  tokenizer.files({ maxLength, inputNames: ['input_ids'] });
  return texts.map((text, i) => ({ text, ids: [...(ids[i] ?? [])] }));
}
