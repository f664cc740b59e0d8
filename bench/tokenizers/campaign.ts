import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTokenizer } from '../../engine/tokenization/tokenizer.js';
import type { TokenizerKind } from './kinds.js';
import { maxLength } from './texts.js';

/** Texts whose ids share one hash. */
export const blockSize = 100;

/** Ids of a kind: those of its own files, and those of what the export makes of them. */
export interface KindIds {
  readonly own: readonly Int32Array[];
  readonly exported: readonly Int32Array[];
}

/** Lays a kind out in `folder/files`, and what is exported of it in `folder/export`, and tokenises with both. */
export async function idsOfKind(
  kind: TokenizerKind,
  texts: readonly string[],
  folder: string,
): Promise<KindIds> {
  const [files, exported] = [join(folder, 'files'), join(folder, 'export')];
  for (const each of [files, exported]) mkdirSync(each, { recursive: true });
  kind.layOut(files);
  const tokenizer = await loadTokenizer(files);
  const use = { maxLength, inputNames: ['input_ids', 'attention_mask'] };
  for (const [name, content] of Object.entries(tokenizer.files(use)))
    writeFileSync(join(exported, name), content);
  const again = await loadTokenizer(exported);
  return {
    own: await tokenizer.encode(texts, maxLength),
    exported: await again.encode(texts, maxLength),
  };
}

/** A hash for each block of texts: what a golden holds of thousands of them. */
export function blockHashes(ids: readonly Int32Array[]): string[] {
  return Array.from({ length: Math.ceil(ids.length / blockSize) }, (_, block) => {
    const lines = ids.slice(block * blockSize, (block + 1) * blockSize).map((each) => `${each.join(' ')}\n`);
    return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 12);
  });
}
