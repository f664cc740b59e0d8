import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../root.js';

/** A kind of tokenizer: what a checkpoint of it brings. */
export interface TokenizerKind {
  readonly name: string;
  /** Whose ids are the right ones. */
  readonly truth: 'transformers' | 'sentencepiece';
  /** Whether its files are the repository's own, so that a golden of it can be held against them by anybody. */
  readonly isOurs: boolean;
  /** Puts its files into an empty folder. */
  readonly layOut: (folder: string) => void;
}

const goldens = join(root, 'test/golden/tokenizers');

interface Layout {
  readonly family: string;
  readonly files: Readonly<Record<string, string>>;
}

/** SentencePiece models of DeBERTa-v2 and v3, trained with different rules. */
const sentencePieces = ['nmt_nfkc', 'nmt_nfkc_cf', 'identity', 'bytes_symbols', 'suffix', 'no_prefix'];

/** Every kind that the families bring, with small vocabularies; of the real models those that are named. */
export function tokenizerKinds(models: Readonly<Record<string, string>> = {}): TokenizerKind[] {
  return [
    ...layouts().map(({ family, files }) => ({
      name: `${family} of ${Object.values(files).join(' and ')}`,
      truth: 'transformers' as const,
      isOurs: true,
      layOut: (folder: string): void => {
        writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_type: family }));
        for (const [name, source] of Object.entries(files))
          copyFileSync(join(goldens, 'families', source), join(folder, name));
      },
    })),
    ...sentencePieces.map((rules) => ({
      name: `deberta-v2 of spm.model with ${rules}`,
      truth: 'sentencepiece' as const,
      isOurs: true,
      layOut: (folder: string): void => {
        writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_type: 'deberta-v2' }));
        for (const name of ['spm.model', 'tokenizer_config.json'])
          copyFileSync(join(goldens, rules, name), join(folder, name));
      },
    })),
    ...Object.entries(models).map(([name, path]) => ({
      name,
      truth: 'transformers' as const,
      isOurs: false,
      layOut: (folder: string): void => copyTokenizer(path, folder),
    })),
  ];
}

function layouts(): readonly Layout[] {
  const { cases } = JSON.parse(readFileSync(join(goldens, 'families/cases.json'), 'utf8')) as {
    readonly cases: { readonly all: readonly Layout[] };
  };
  return cases.all;
}

function copyTokenizer(path: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'])
    copyFileSync(join(path, name), join(folder, name));
}
