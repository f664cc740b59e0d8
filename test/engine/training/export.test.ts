import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTrainingTable } from '../../../data/prepared-table.js';
import { openSafetensors, writeSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { loadTokenizer } from '../../../engine/tokenization/tokenizer.js';
import { learnVocabulary } from '../../../engine/tokenization/vocabulary.js';
import { trainFold } from '../../../engine/training/fold.js';
import type { FoldJob } from '../../../engine/training/job.js';
import { predictTexts } from '../../../engine/inference/predict.js';
import { referenceTraining } from '../../../pipeline/training.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const golden = (path: string): string => fileURLToPath(new URL(`../../golden/${path}`, import.meta.url));
const python = process.env['FOLDWISE_PYTHON'] ?? 'python3';
const modules =
  'import sys, importlib.util as u; sys.exit(not all(map(u.find_spec, ("torch", "transformers"))))';
const noTransformers = spawnSync(python, ['-c', modules]).status !== 0;

const MAX_LENGTH = 12;
/** Of a probability: float32 rounding over a few layers, in another order. */
const PROBABILITY = 2e-6;

const training = [
  'a good day',
  'a bad day of rain',
  'good songs, loud songs',
  'bad and loud',
  'soft rain',
  'a good cat at the door',
];
/** What tokenizers differ on: case, accents, width, spaces, what no vocabulary has, nothing, and too much. */
const plainTexts = [
  ...training,
  'A GOOD Day',
  'Ça va, naïve café?',
  'ﬁne ① ＡＢＣ',
  '  two  spaces\tand a tab ',
  '日本語 🙂',
  '',
  'day '.repeat(40).trim(),
];

/** Special tokens, which stand for themselves in a text too. */
const specialTexts = [
  '[MASK] and [SEP] as text',
  'a [MASK] day',
  '[CLS][PAD] [UNK]',
  '[mask]',
  'a [usr] of soft[usr] softly rain',
];

const labels = ['joy', 'noise', 'weather'];
const table = {
  texts: training,
  labels: training.map((text) => [/good/, /loud/, /rain/].map((word) => Number(word.test(text)))),
  folds: training.map((_, i) => (i % 2) + 1),
};

const scratch = { hiddenSize: 16, layers: 2, heads: 2, intermediateSize: 32, vocabulary: 80 };
const models: Readonly<Record<string, () => FoldJob['model'] | Promise<FoldJob['model']>>> = {
  'BERT from scratch': () => fromScratch('bert'),
  'DeBERTa-v3 from scratch': () => fromScratch('deberta-v2'),
  'a DeBERTa-v3 checkpoint with a SentencePiece model': () => ({
    checkpoint: golden('checkpoints/deberta-v3-tiny'),
    maxLength: MAX_LENGTH,
  }),
  'a BERT checkpoint with added tokens, cut on the left': withAddedTokens,
};

/** A BERT checkpoint with two tokens beyond its `vocab.txt`, and text cut on the left. */
async function withAddedTokens(): Promise<FoldJob['model']> {
  const checkpoint = mkdtempSync(join(folder, 'added-'));
  copyFileSync(golden('models/bert/config.json'), join(checkpoint, 'config.json'));
  const source = await openSafetensors(golden('models/bert/model.safetensors'));
  const body = source.names().filter((name) => !name.startsWith('classifier'));
  const tensors = body.map(async (name) => ({
    name,
    shape: source.shape(name),
    data: await source.read(name),
  }));
  await writeSafetensors(join(checkpoint, 'model.safetensors'), await Promise.all(tensors));
  await source.close();
  const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...'a good bad day cat rain songs'.split(' ')];
  writeFileSync(join(checkpoint, 'vocab.txt'), words.join('\n'));
  writeFileSync(
    join(checkpoint, 'added_tokens.json'),
    JSON.stringify({ '[usr]': words.length, soft: words.length + 1 }),
  );
  writeFileSync(join(checkpoint, 'tokenizer_config.json'), JSON.stringify({ truncation_side: 'left' }));
  return { checkpoint, maxLength: MAX_LENGTH };
}

function fromScratch(type: 'bert' | 'deberta-v2'): FoldJob['model'] {
  const tokenizer = join(folder, `${type}.json`);
  writeFileSync(tokenizer, learnVocabulary(training, { size: scratch.vocabulary, type }));
  return { scratch: { type, ...scratch }, tokenizer, maxLength: MAX_LENGTH };
}

/** Trains a few epochs and gives the folder of the exported model. */
async function exported(title: string): Promise<string> {
  const workDirectory = mkdtempSync(join(folder, 'work-'));
  const outcome = await trainFold(
    {
      fold: 1,
      task: 'multi-label',
      labels,
      model: await (models[title] as (typeof models)[string])(),
      table: join(folder, 'table'),
      training: {
        ...referenceTraining,
        epochs: 10,
        batchSize: 2,
        learningRate: 2e-2,
        weightDecay: 0.01,
        warmupRatio: 0,
        maxGradNorm: 1,
      },
      seed: 42,
      threads: 2,
      workDirectory,
      resume: [],
    },
    () => undefined,
    new AbortController().signal,
  );
  const target = mkdtempSync(join(folder, 'model-'));
  for (const [name, path] of Object.entries(outcome.model)) {
    mkdirSync(dirname(join(target, name)), { recursive: true });
    copyFileSync(path, join(target, name));
  }
  return target;
}

beforeAll(() => writeTrainingTable(join(folder, 'table'), table));

describe.each(Object.keys(models))('the model exported of %s', (title) => {
  const texts = [...plainTexts, ...specialTexts];
  let model: string;
  beforeAll(async () => {
    model = await exported(title);
  });

  it('is complete: configuration, weights, tokenizer and ONNX with its data', () => {
    const files = [
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
      'onnx/model.onnx',
    ];
    for (const file of files) expect(existsSync(join(model, file)), file).toBe(true);
    expect(readFileSync(join(model, 'onnx/model.onnx_data'))).toEqual(
      readFileSync(join(model, 'model.safetensors')),
    );
    const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as Record<string, unknown>;
    expect(config).toMatchObject({
      problem_type: 'multi_label_classification',
      id2label: { 0: 'joy', 1: 'noise', 2: 'weather' },
      label2id: { joy: 0, noise: 1, weather: 2 },
      'transformers.js_config': { dtype: 'fp32', use_external_data_format: true },
    });
    const tokenizer = JSON.parse(readFileSync(join(model, 'tokenizer_config.json'), 'utf8')) as object;
    const types = config['model_type'] === 'bert' ? ['token_type_ids'] : [];
    expect(tokenizer).toMatchObject({
      model_max_length: MAX_LENGTH,
      model_input_names: ['input_ids', ...types, 'attention_mask'],
    });
  });

  it('has every row of the word embedding, also those that no text used', async () => {
    const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as { vocab_size: number };
    const weights = await openSafetensors(join(model, 'model.safetensors'));
    const name = weights.names().find((key) => key.endsWith('word_embeddings.weight')) as string;
    expect(weights.shape(name)[0]).toBe(config.vocab_size);
    await weights.close();
  });

  describe.skipIf(noTransformers)(
    'loads with transformers (skipped without a Python that has it: set FOLDWISE_PYTHON)',
    () => {
      interface Loaded {
        readonly model: string;
        readonly problemType: string;
        readonly labels: readonly string[];
        readonly missing: readonly string[];
        readonly unexpected: readonly string[];
        readonly ids: readonly (readonly number[])[];
        readonly modelMaxLength: number;
        readonly inputNames: readonly string[];
        readonly longest: number;
        readonly onnx: readonly (readonly number[])[] | null;
        readonly probabilities: readonly (readonly number[])[];
      }
      let loaded: Loaded;
      beforeAll(() => {
        const { stdout, stderr, status } = spawnSync(python, [golden('load_exported.py'), model], {
          input: JSON.stringify({ texts, maxLength: MAX_LENGTH }),
          encoding: 'utf8',
        });
        if (status !== 0) throw new Error(stderr);
        loaded = JSON.parse(stdout) as Loaded;
      });

      it('without missing or unexpected tensors, its labels in order', () => {
        expect(loaded).toMatchObject({
          missing: [],
          unexpected: [],
          labels,
          problemType: 'multi_label_classification',
        });
        expect(loaded.model).toMatch(/^(Bert|DebertaV2)ForSequenceClassification$/);
      });

      it('gives the token ids that it was trained with', async () => {
        const tokenizer = await loadTokenizer(model);
        const ours = await tokenizer.encode(texts, MAX_LENGTH);
        texts.forEach((text, i) => expect([...(ours[i] ?? [])], text).toEqual(loaded.ids[i]));
      });

      it('knows its length and the inputs that the ONNX file wants, and cuts by itself', () => {
        expect(loaded.modelMaxLength).toBe(MAX_LENGTH);
        expect(loaded.longest).toBe(MAX_LENGTH);
        expect(loaded.inputNames.includes('token_type_ids')).toBe(loaded.model.startsWith('Bert'));
        (loaded.onnx ?? []).flat().forEach((probability, i) => {
          const expected = loaded.probabilities.flat()[i] as number;
          expect(Math.abs(probability - expected)).toBeLessThan(PROBABILITY);
        });
      });

      it('gives the probabilities that we predict', async () => {
        const ours = await predictTexts(model, texts, { maxLength: MAX_LENGTH, threads: 2 });
        loaded.probabilities.flat().forEach((expected, i) => {
          const text = texts[Math.floor(i / labels.length)] as string;
          expect(Math.abs((ours[i] as number) - expected), text).toBeLessThan(PROBABILITY);
        });
        expect(ours).toHaveLength(texts.length * labels.length);
      });
    },
  );
});
