import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readLabelledRows } from '../../data/dataset.js';
import { permutation } from '../../engine/kernels/philox.js';
import { loadTokenizer, parseTokenizer } from '../../engine/tokenization/tokenizer.js';
import type { Tokenizer } from '../../engine/tokenization/tokenizer.js';
import { learnVocabulary } from '../../engine/tokenization/vocabulary.js';
import { InputFault } from '../../errors/fault.js';
import { root } from '../root.js';
import type { BatchFile } from './batch-file.js';
import { training } from './training.js';

/** What both sides train on, and how it came about. */
export interface Sample {
  readonly file: BatchFile;
  readonly facts: SampleFacts;
}

export interface SampleFacts {
  readonly data: string;
  readonly tokenizer: string;
  readonly texts: number;
  readonly meanTokens: number;
  /** Distinct tokens of the whole training file. */
  readonly vocabulary: number;
  /** What differs from the sample that the targets are stated for. */
  readonly notes: readonly string[];
}

const brighter = join(root, '../shared/data/brighter-eng/train.csv');
const quickstart = join(root, 'examples/quickstart/train.csv');
const miniLm = join(root, '../shared/models/all-MiniLM-L6-v2');

const labels = ['anger', 'fear', 'joy', 'sadness', 'surprise'];
const textColumns = ['text', 'comment_text', 'sentence', 'content', 'review'];

/** Entries of the vocabulary that is learnt where MiniLM's is not there. */
const learntVocabulary = 2000;

/** The folder with MiniLM's weights and tokenizer, where it is there. */
export function miniLmFolder(): string | null {
  return existsSync(join(miniLm, 'model.safetensors')) ? miniLm : null;
}

/**
 * The first batches of the training file in an order that the seed alone decides, tokenised and truncated.
 *
 * @param data a CSV file with a text column and the five labels; null for the sample, or the quick start's
 */
export async function readSample(data: string | null, batches: number): Promise<Sample> {
  const file = data ?? (existsSync(brighter) ? brighter : quickstart);
  const read: string[] = [];
  const columns = { text: textColumns, id: undefined, labels };
  const { labels: truth } = await readLabelledRows(file, columns, { append: (text) => read.push(text) });
  const rows = batches * training.batchSize;
  if (read.length < rows) {
    throw new InputFault({
      where: file,
      what: `there are too few rows for ${batches} batches`,
      expected: `at least ${rows}`,
      found: `${read.length}`,
      remedy: 'Ask for fewer with --batches, or name another file with --data.',
    });
  }
  const { tokenizer, name } = await openTokenizer(read);
  const texts = await tokenizer.encode(read, training.maxLength);
  const order = permutation(texts.length, [training.seed, 0], [0, 0, 0]);
  const notes = data === null && file !== brighter ? ["The sample's training set is not there."] : [];
  const vocabulary = [...new Set(texts.flatMap((text) => [...text]))].sort((a, b) => a - b);
  return {
    file: {
      batches: Array.from({ length: batches }, (_, batch) => {
        const chosen = [...order.subarray(batch * training.batchSize, (batch + 1) * training.batchSize)];
        return {
          tokens: chosen.map((row) => [...texts[row]!]),
          labels: chosen.map((row) => [...truth.subarray(row * labels.length, (row + 1) * labels.length)]),
        };
      }),
      vocabulary,
      mostTokens: longest(texts, training.batchSize),
    },
    facts: {
      data: data === null ? relative(root, file) : file,
      tokenizer: name,
      texts: texts.length,
      meanTokens: texts.reduce((sum, text) => sum + text.length, 0) / texts.length,
      vocabulary: vocabulary.length,
      notes: name.startsWith('learnt') ? [...notes, "MiniLM's tokenizer is not there."] : notes,
    },
  };
}

async function openTokenizer(texts: readonly string[]): Promise<{ tokenizer: Tokenizer; name: string }> {
  const folder = miniLmFolder();
  if (folder !== null) return { tokenizer: await loadTokenizer(folder), name: 'all-MiniLM-L6-v2' };
  const json = learnVocabulary(texts, { size: learntVocabulary, type: 'bert' });
  return { tokenizer: await parseTokenizer(json), name: `learnt from these texts (${learntVocabulary})` };
}

/** Tokens of the longest texts together: no batch of that size has more. */
function longest(texts: readonly Int32Array[], count: number): number {
  const lengths = texts.map((text) => text.length).sort((a, b) => b - a);
  return lengths.slice(0, count).reduce((sum, length) => sum + length, 0);
}
