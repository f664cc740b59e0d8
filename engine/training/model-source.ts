import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { matchWeights } from '../checkpoint/matching.js';
import { openModelFolder } from '../checkpoint/model-folder.js';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import type { PhiloxKey } from '../kernels/philox.js';
import { familyOf, pooledConfig } from '../models/families.js';
import type { Classifier, ModelFamily } from '../models/family.js';
import type { Tokenizer } from '../tokenization/tokenizer.js';
import { checkVocabulary, loadTokenizer, parseTokenizer } from '../tokenization/tokenizer.js';
import { parametersOf, type ParameterSpec } from '../inference/parameters.js';
import { lengthWarning } from '../inference/reading.js';
import { extraWarnings } from './extra-tensors.js';
import { headWarnings } from './head-warnings.js';
import type { FoldJob } from './job.js';
import { newWeights } from './new-weights.js';
import { scratchModel } from './scratch-model.js';

/** Where a fold starts from: the architecture, its tokenizer, and every weight before the first step. */
export interface ModelSource {
  readonly family: ModelFamily;
  readonly classifier: Classifier;
  /** `config.json` as the checkpoint has it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of its settings that are whole numbers with a point. */
  readonly floats: ReadonlySet<string>;
  readonly tokenizer: Tokenizer;
  /** What whoever trains should know of the checkpoint, a sentence each. */
  readonly warnings: readonly string[];
  /** A whole parameter. */
  initial(name: string): Promise<Float32Array>;
  /** A parameter as if no checkpoint gave it. */
  fresh(name: string): Float32Array;
  /** Those rows of the word embedding, in the order given. */
  embeddingRows(rows: Int32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/** @param key names the draws of weights that no checkpoint gives @throws InputFault for a checkpoint that does not fit */
export async function openModelSource(
  model: FoldJob['model'],
  labels: readonly string[],
  key: PhiloxKey,
): Promise<ModelSource> {
  return 'checkpoint' in model ? pretrained(model, labels, key) : fromScratch(model, labels, key);
}

/** What a fold would start from, its files closed already. */
export async function openedModel(
  model: FoldJob['model'],
  labels: readonly string[],
): Promise<Omit<ModelSource, 'close'>> {
  const source = await openModelSource(model, labels, [0, 0]);
  await source.close();
  return source;
}

async function pretrained(
  { checkpoint: folder, maxLength, pooling }: Extract<FoldJob['model'], { checkpoint: string }>,
  labels: readonly string[],
  key: PhiloxKey,
): Promise<ModelSource> {
  const { config: stored, floats, weights } = await openModelFolder(folder);
  try {
    const family = familyOf(stored, join(folder, 'config.json'));
    const config = pooledConfig(family, stored, pooling);
    const classifier = family.classifier(config, labels.length);
    const tokenizer = await loadTokenizer(folder);
    checkVocabulary(tokenizer, classifier.vocabulary, folder);
    const parameters = parametersOf(classifier);
    const fresh = newWeights('model', parameters, classifier.initializerRange, key);
    const matched = match(parameters, weights, classifier, { config, folder });
    const { names } = matched;
    const kept = parameters.some(
      ({ name }) => classifier.loading.labelled.test(name) && names.get(name) !== null,
    );
    return {
      family,
      classifier,
      config,
      floats,
      tokenizer,
      warnings: [
        ...headWarnings(config, labels, { ...matched, kept }),
        ...extraWarnings(matched.extra),
        ...lengthWarning(maxLength, classifier),
      ],
      initial: async (name) => {
        const stored = names.get(name) ?? null;
        return stored === null ? fresh(name) : weights.read(stored);
      },
      fresh,
      embeddingRows: (rows) => weights.readRows(names.get(classifier.wordEmbedding) as string, rows),
      close: () => weights.close(),
    };
  } catch (fault) {
    await weights.close();
    throw fault;
  }
}

async function fromScratch(
  { scratch, tokenizer: path, maxLength, pooling }: Extract<FoldJob['model'], { scratch: unknown }>,
  labels: readonly string[],
  key: PhiloxKey,
): Promise<ModelSource> {
  const { family, config, classifier } = scratchModel(scratch, maxLength, labels.length, pooling);
  const tokenizer = await parseTokenizer(await readFile(path, 'utf8'), path);
  checkVocabulary(tokenizer, classifier.vocabulary);
  const initial = newWeights('model', parametersOf(classifier), classifier.initializerRange, key);
  return {
    family,
    classifier,
    config,
    floats: new Set(),
    tokenizer,
    warnings: [],
    initial: (name) => Promise.resolve(initial(name)),
    fresh: initial,
    embeddingRows: (rows) => {
      const table = initial(classifier.wordEmbedding);
      const width = table.length / classifier.vocabulary;
      const picked = new Float32Array(rows.length * width);
      rows.forEach((row, i) => picked.set(table.subarray(row * width, (row + 1) * width), i * width));
      return Promise.resolve(picked);
    },
    close: () => Promise.resolve(),
  };
}

function match(
  parameters: readonly ParameterSpec[],
  weights: WeightReader,
  classifier: Classifier,
  { config, folder }: { readonly config: Readonly<Record<string, unknown>>; readonly folder: string },
) {
  const { prefixes, ballast, heads, labelled } = classifier.loading;
  const isTied = (name: string): boolean =>
    name === classifier.wordEmbedding && config['tie_word_embeddings'] !== false;
  const expected = parameters.map(({ name, shape }) => ({
    name,
    shape,
    ...(heads.some((head) => head.test(name)) ? { optional: 'new head' as const } : {}),
    rowPerLabel: labelled.test(name),
    ...(isTied(name) ? { tied: TIED_OUTPUTS } : {}),
  }));
  return matchWeights(expected, weights, { prefixes, ballast, renamings: LEGACY_NAMES }, folder);
}

/** The last layers of masked language models, whose weights are the word embedding unless it is said otherwise. */
const TIED_OUTPUTS: readonly string[] = [
  'cls.predictions.decoder.weight',
  'lm_head.decoder.weight',
  'lm_head.weight',
  'lm_predictions.lm_head.decoder.weight',
  'predictions.decoder.weight',
  'generator_lm_head.weight',
  'vocab_projector.weight',
  'decoder.weight',
];

/** Layer norms of checkpoints converted from TensorFlow. */
const LEGACY_NAMES: readonly (readonly [RegExp, string])[] = [
  [/LayerNorm\.gamma$/, 'LayerNorm.weight'],
  [/LayerNorm\.beta$/, 'LayerNorm.bias'],
];
