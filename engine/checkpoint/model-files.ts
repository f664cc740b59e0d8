/** The files of a model folder that matter, whatever else lies beside them. */
export const configFile = 'config.json';

/** In order of preference; the first that is there is read. */
export const weightFiles = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
] as const;

export type WeightFileName = (typeof weightFiles)[number];

/** In order of preference; the first that is there is read. */
export const tokenizerFiles = [
  'tokenizer.json',
  'spm.model',
  'vocab.txt',
  'sentencepiece.bpe.model',
  'spiece.model',
  'vocab.json',
] as const;

/** Read with the first, where that is the one. */
export const mergesOfVocabulary = { 'vocab.json': 'merges.txt' } as const;

/** Read with any of the tokenizer files, where they exist. */
export const tokenizerSettings = [
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
] as const;

/** What a folder or a repository offers to load. */
export interface ModelFileChoice {
  readonly config: boolean;
  readonly weights: WeightFileName | undefined;
  readonly tokenizer: (typeof tokenizerFiles)[number] | undefined;
  readonly settings: readonly string[];
}

/** Picks, out of the names that are there, the files to load. */
export function chooseModelFiles(available: Iterable<string>): ModelFileChoice {
  const names = new Set(available);
  const tokenizer = tokenizerFiles.find((name) => names.has(name));
  const beside = tokenizer === 'vocab.json' ? [mergesOfVocabulary[tokenizer]] : [];
  return {
    config: names.has(configFile),
    weights: weightFiles.find((name) => names.has(name)),
    tokenizer,
    settings: [...beside, ...tokenizerSettings].filter((name) => names.has(name)),
  };
}

/** The chosen files' names, without shards. */
export function chosenNames({ config, weights, tokenizer, settings }: ModelFileChoice): string[] {
  const names = [config ? configFile : undefined, weights, tokenizer, ...settings];
  return names.filter((name) => name !== undefined);
}
