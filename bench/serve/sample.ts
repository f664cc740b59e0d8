import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readLabelledRows } from '../../data/dataset.js';
import { writeTrainingTable } from '../../data/prepared-table.js';
import type { EnsembleDefinition } from '../../ensemble/definition.js';
import { trainFold } from '../../engine/training/fold.js';
import { learnVocabulary } from '../../engine/tokenization/vocabulary.js';
import { referenceTraining } from '../../pipeline/training.js';
import { root } from '../root.js';
import { miniLmFolder } from '../step/sample.js';

export interface ServedSample {
  readonly definition: EnsembleDefinition;
  /** All different. */
  readonly texts: readonly string[];
  readonly facts: { readonly data: string; readonly model: string };
}

const brighter = join(root, '../shared/data/brighter-eng/train.csv');
const quickstart = join(root, 'examples/quickstart/train.csv');
const labels = ['anger', 'fear', 'joy', 'sadness', 'surprise'];
const maxLength = 128;
/** Enough for a head that tells texts apart. */
const trainedTexts = 64;

/** What is asked: few enough to be scored beforehand in some seconds. */
const askedTexts = 500;

/**
 * One model, as a fold exports it: MiniLM after some steps of training, or a small network from scratch where MiniLM
 * is not there; and the texts of the sample, or of the quick start.
 *
 * @param folder where it is written
 */
export async function madeSample(folder: string, threads: number): Promise<ServedSample> {
  const file = existsSync(brighter) ? brighter : quickstart;
  const read: string[] = [];
  const columns = { text: ['text'], id: undefined, labels };
  const { labels: truth } = await readLabelledRows(file, columns, { append: (text) => read.push(text) });
  const some = read.slice(0, trainedTexts);
  const table = join(folder, 'table');
  writeTrainingTable(table, {
    texts: some,
    labels: some.map((_, row) => [...truth.subarray(row * labels.length, (row + 1) * labels.length)]),
    folds: some.map((_, row) => (row % 2) + 1),
  });
  const workDirectory = join(folder, 'work');
  mkdirSync(workDirectory);
  const miniLm = miniLmFolder();
  const { model } = await trainFold(
    {
      fold: 1,
      task: 'multi-label',
      labels,
      model: miniLm === null ? scratch(folder, read) : { checkpoint: miniLm, maxLength },
      table,
      training: { ...referenceTraining, epochs: 2, batchSize: 8, learningRate: 1e-3 },
      seed: 42,
      threads,
      workDirectory,
      resume: [],
    },
    () => undefined,
    new AbortController().signal,
  );
  const exported = join(folder, 'model');
  for (const [name, path] of Object.entries(model)) {
    mkdirSync(dirname(join(exported, name)), { recursive: true });
    copyFileSync(path, join(exported, name));
  }
  return {
    definition: {
      task: 'multi-label',
      labels,
      thresholds: labels.map(() => 0.5),
      members: [{ weight: 1, models: [{ folder: exported, maxLength }] }],
    },
    texts: [...new Set(read)].slice(0, askedTexts),
    facts: { data: file, model: miniLm === null ? 'a small network from scratch' : 'all-MiniLM-L6-v2' },
  };
}

function scratch(folder: string, texts: readonly string[]) {
  const tokenizer = join(folder, 'tokenizer.json');
  writeFileSync(tokenizer, learnVocabulary(texts, { size: 2000, type: 'bert' }));
  const sizes = { hiddenSize: 64, layers: 2, heads: 4, intermediateSize: 256, vocabulary: 2000 };
  return { scratch: { type: 'bert' as const, ...sizes }, tokenizer, maxLength };
}
