import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTrainingTable } from '../../../data/prepared-table.js';
import { openSafetensors, writeSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { jsonWithFloats, wholeFloatsOf } from '../../../engine/checkpoint/whole-floats.js';
import { normal } from '../../../engine/kernels/philox.js';
import { familyOf } from '../../../engine/models/families.js';
import { loadTokenizer } from '../../../engine/tokenization/tokenizer.js';
import { trainFold } from '../../../engine/training/fold.js';
import { parametersOf } from '../../../engine/inference/parameters.js';
import { predictTexts } from '../../../engine/inference/predict.js';
import { goldenJson, goldenPath } from '../models/golden-model.js';
import type { ModelUse } from '../../../pipeline/pipeline.js';
import { referenceTraining, type TrainingOptions } from '../../../pipeline/training.js';

const root = mkdtempSync(join(tmpdir(), 'foldwise-families-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const golden = (path: string): string => fileURLToPath(new URL(`../../golden/${path}`, import.meta.url));
const python = process.env['FOLDWISE_PYTHON'] ?? 'python3';
const modules =
  'import sys, importlib.util as u; sys.exit(not all(map(u.find_spec, ("torch", "transformers"))))';
const noTransformers = spawnSync(python, ['-c', modules]).status !== 0;

const MAX_LENGTH = 24;
/** Of a probability: float32 rounding over a few layers, in another order. */
const PROBABILITY = 1e-5;

const labels = ['storm', 'quiet', 'loved'];
const training = [
  'I was afraid of the storm.',
  'We forgot the storm!!',
  'Nobody loves a quiet evening',
  'My sister loves two thousand miles',
];
/** Also texts with the special tokens of some family, one with padding within, none at all, and too long ones. */
const texts = [
  ...training,
  'The café in Köln … ﬁne ①',
  '<s> hello <pad><pad> </s> <mask> [PAD] [SEP] storm',
  '日本語 🙂',
  '',
  'storm '.repeat(40).trim(),
];

/** A golden's configuration with dropout and a tokenizer of the family; the weights as drawn here. */
const families: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'roberta-1': { 'vocab.json': 'roberta-vocab', 'merges.txt': 'merges' },
  'xlm-roberta-1': { 'sentencepiece.bpe.model': 'fairseq.model' },
  'camembert-1': { 'sentencepiece.bpe.model': 'fairseq.model' },
  'distilbert-1': { 'vocab.txt': 'words' },
  'electra-2': { 'vocab.txt': 'words' },
  'mpnet-1': { 'vocab.txt': 'words' },
  'albert-2': { 'spiece.model': 'albert.model' },
  'deberta-1': { 'vocab.json': 'deberta-vocab', 'merges.txt': 'merges' },
  'modernbert-1': { 'tokenizer.json': 'modernbert.json' },
  'modernbert-2': { 'tokenizer.json': 'modernbert.json' },
};

const rates = [
  ...['hidden_dropout_prob', 'attention_probs_dropout_prob', 'dropout', 'attention_dropout'],
  ...['embedding_dropout', 'mlp_dropout', 'classifier_dropout_prob', 'seq_classif_dropout'],
];

/** The encoder alone, under the names of a base model; the head is new. */
async function checkpoint(model: string): Promise<string> {
  const folder = mkdtempSync(join(root, 'checkpoint-'));
  for (const [name, source] of Object.entries(families[model] ?? {}))
    copyFileSync(golden(`tokenizers/families/${source}`), join(folder, name));
  const config = goldenJson<Record<string, unknown>>(model, 'config.json');
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const { vocabularySize, padId } = await loadTokenizer(folder);
  const dropout = Object.fromEntries(rates.filter((name) => name in config).map((name) => [name, 0.1]));
  const settings = { ...config, ...dropout, vocab_size: vocabularySize + 3, pad_token_id: padId };
  const text = readFileSync(goldenPath(model, 'config.json'), 'utf8');
  writeFileSync(join(folder, 'config.json'), jsonWithFloats(settings, wholeFloatsOf(text)));
  const classifier = familyOf(settings).classifier(settings, labels.length);
  const tensors = parametersOf(classifier)
    .filter(({ name }) => !classifier.loading.heads.some((head) => head.test(name)))
    .map(({ name, shape, initial }, place) => {
      const count = shape.reduce((product, dim) => product * dim, 1);
      const noise = normal(count, [5, 0], [place, 0, 0]);
      const [centre, deviation] = initial === 'ones' ? [1, 0.2] : [0, initial === 'zeros' ? 0.1 : 0.4];
      const prefix = classifier.loading.prefixes.find((base) => name.startsWith(base)) ?? '';
      return {
        name: name.slice(prefix.length),
        shape,
        data: Float32Array.from(noise, (value) => centre + deviation * value),
      };
    });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return folder;
}

/** Trains two epochs and gives the folder of the exported model. */
async function trained(
  model: string,
  options: Partial<TrainingOptions>,
  use: Partial<ModelUse> = {},
): Promise<string> {
  const workDirectory = mkdtempSync(join(root, 'work-'));
  const { model: files } = await trainFold(
    {
      fold: 1,
      task: 'multi-label',
      labels,
      model: { checkpoint: await checkpoint(model), maxLength: MAX_LENGTH, ...use },
      table: join(root, 'table'),
      training: {
        ...referenceTraining,
        epochs: 2,
        batchSize: 2,
        learningRate: 1e-2,
        weightDecay: 0.01,
        warmupRatio: 0,
        maxGradNorm: 1,
        seed: 42,
        bestBy: 'last',
        ...options,
      },
      seed: 42,
      threads: 2,
      workDirectory,
      resume: [],
    },
    () => undefined,
    new AbortController().signal,
  );
  const target = mkdtempSync(join(root, 'model-'));
  for (const [name, path] of Object.entries(files)) {
    mkdirSync(dirname(join(target, name)), { recursive: true });
    copyFileSync(path, join(target, name));
  }
  return target;
}

interface Loaded {
  readonly model: string;
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly ids: readonly (readonly number[])[];
  readonly modelMaxLength: number;
  readonly longest: number;
  readonly onnx: readonly (readonly number[])[] | null;
  readonly probabilities: readonly (readonly number[])[];
}

/** Each family as it is, and with adapters that are merged at export. */
const lora = { rank: 3, alpha: 6, dropout: 0.1, targets: 'all' } as const;
type Case = readonly [name: string, model: string, options: Partial<TrainingOptions>, use: Partial<ModelUse>];
const cases: readonly Case[] = [
  ...Object.keys(families).flatMap((model): Case[] => [
    [model, model, {}, {}],
    [`${model} with adapters`, model, { lora }, {}],
  ]),
  // What keeps the tail of a text transformers has, too.
  ...['roberta-1', 'camembert-1', 'modernbert-1'].map((model): Case => {
    return [`${model} with the tail of a text`, model, {}, { truncation: 'tail' }];
  }),
];
const modelOf = new Map(cases.map(([name, model]) => [name, model]));
const names = [...modelOf.keys()];
const folders = new Map<string, string>();

beforeAll(async () => {
  writeTrainingTable(join(root, 'table'), {
    texts: training,
    labels: training.map((text) => [/storm/, /quiet/, /love/].map((word) => Number(word.test(text)))),
    folds: training.map((_, i) => (i % 2) + 1),
  });
  for (const [name, model, options, use] of cases) folders.set(name, await trained(model, options, use));
});

describe('a model trained from a base model of its family', () => {
  it.each(names)('is exported with every tensor and its architecture: %s', async (name) => {
    const folder = folders.get(name) as string;
    const model = modelOf.get(name) as string;
    const weights = await openSafetensors(join(folder, 'model.safetensors'));
    const config = goldenJson<{ architectures: string[] }>(model, 'config.json');
    const exported = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
    expect(exported['architectures']).toEqual(config.architectures);
    const classifier = familyOf(exported).classifier(exported, labels.length);
    expect(weights.names().sort()).toEqual(
      parametersOf(classifier)
        .map(({ name }) => name)
        .sort(),
    );
    await weights.close();
  });

  it.each(names)('scores texts from its folder: %s', async (name) => {
    const ours = await predictTexts(folders.get(name) as string, texts, {
      maxLength: MAX_LENGTH,
      threads: 2,
    });
    expect(ours).toHaveLength(texts.length * labels.length);
    expect(ours.every((value) => value > 0 && value < 1)).toBe(true);
    // The weights are large enough that texts are told apart.
    expect(new Set(ours).size).toBeGreaterThan(15);
  });
});

describe.skipIf(noTransformers)(
  'a model exported (skipped without a Python that has transformers: set FOLDWISE_PYTHON)',
  () => {
    const loaded = new Map<string, Loaded>();
    beforeAll(() => {
      const { stdout, stderr, status } = spawnSync(
        python,
        [golden('load_exported.py'), ...names.map((name) => folders.get(name) as string)],
        { input: JSON.stringify({ texts, maxLength: MAX_LENGTH }), encoding: 'utf8' },
      );
      if (status !== 0) throw new Error(stderr);
      const lines = stdout.trim().split('\n');
      names.forEach((name, i) => loaded.set(name, JSON.parse(lines[i] ?? '') as Loaded));
    });

    it.each(names)('loads with transformers and gives our ids and probabilities: %s', async (name) => {
      const folder = folders.get(name) as string;
      const theirs = loaded.get(name) as Loaded;
      const model = modelOf.get(name) as string;
      const { architectures } = goldenJson<{ architectures: string[] }>(model, 'config.json');
      expect(theirs).toMatchObject({ model: architectures[0], missing: [], unexpected: [] });
      expect([theirs.modelMaxLength, theirs.longest]).toEqual([MAX_LENGTH, MAX_LENGTH]);
      const ids = await (await loadTokenizer(folder)).encode(texts, MAX_LENGTH);
      expect(ids.map((text) => [...text])).toEqual(theirs.ids);
      const ours = await predictTexts(folder, texts, { maxLength: MAX_LENGTH, threads: 2 });
      const onnx = theirs.onnx?.flat() ?? theirs.probabilities.flat();
      theirs.probabilities.flat().forEach((expected, i) => {
        const text = texts[Math.floor(i / labels.length)] as string;
        expect(Math.abs((ours[i] as number) - expected), text).toBeLessThan(PROBABILITY);
        expect(Math.abs((onnx[i] as number) - expected), `${text}, by ONNX`).toBeLessThan(PROBABILITY);
      });
    });
  },
);
