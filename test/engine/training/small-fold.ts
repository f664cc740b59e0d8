import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { writeTrainingTable } from '../../../data/prepared-table.js';
import { learnVocabulary } from '../../../engine/tokenization/vocabulary.js';
import { trainFold, TrainingStopped } from '../../../engine/training/fold.js';
import type { FoldCheckpoint, FoldJob, FoldMessage, FoldOutcome } from '../../../engine/training/job.js';
import { referenceTraining, type TrainingOptions } from '../../../pipeline/training.js';

export const folder = mkdtempSync(join(tmpdir(), 'foldwise-fold-'));

/** Texts whose two labels say whether 'good' or 'loud' occurs. */
export const texts = Array.from({ length: 60 }, (_, i) => {
  const words = ['day', 'cat', 'rain', 'song', 'door'].filter((_, w) => ((i * 7 + w * 3) % 5) % 2 === 0);
  return [
    i % 2 === 0 ? 'good' : 'bad',
    ...words,
    i % 3 === 0 ? 'loud' : 'soft',
    i % 10 === 9 ? words.join(' ').repeat(3) : '',
  ]
    .join(' ')
    .trim();
});
export const table = {
  texts,
  labels: texts.map((_, i) => [Number(i % 2 === 0), Number(i % 3 === 0)]),
  folds: texts.map((_, i) => (i % 5) + 1),
};

let number = 0;

/** Fold 2 of five, of a tiny model from scratch: 48 texts, 7 steps an epoch. */
export function job(
  type: 'bert' | 'deberta-v2',
  changes: Partial<FoldJob> = {},
  training: Partial<TrainingOptions> = {},
): FoldJob {
  const workDirectory = join(folder, `work-${number++}`);
  mkdirSync(workDirectory);
  return {
    fold: 2,
    task: 'multi-label',
    labels: ['good', 'loud'],
    model: {
      scratch: { type, hiddenSize: 16, layers: 2, heads: 2, intermediateSize: 32, vocabulary: 80 },
      tokenizer: join(folder, `${type}.json`),
      maxLength: 32,
    },
    table: join(folder, 'table'),
    training: { ...referenceTraining, batchSize: 7, learningRate: 2e-2, ...training },
    seed: 42,
    threads: 1,
    workDirectory,
    resume: [],
    ...changes,
  };
}

/** Makes the table and the tokenizers that `job` names. */
export function useSmallFolds(): void {
  beforeAll(() => {
    // Files that share a process share this module: each removes the folder after it.
    mkdirSync(folder, { recursive: true });
    writeTrainingTable(join(folder, 'table'), table);
    for (const type of ['bert', 'deberta-v2'] as const) {
      writeFileSync(join(folder, `${type}.json`), learnVocabulary(texts, { size: 80, type }));
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
}

export const never = new AbortController().signal;

export const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

export const bits = (outcome: FoldOutcome): Record<string, string> => ({
  probabilities: sha256(outcome.probabilities),
  ...Object.fromEntries(Object.entries(outcome.model).map(([name, path]) => [name, sha256(path)])),
});

/** A folder with the model that a fold exported. */
export function modelFolder({ model }: FoldOutcome, name: string): string {
  const exported = join(folder, name);
  for (const [file, path] of Object.entries(model)) {
    mkdirSync(dirname(join(exported, file)), { recursive: true });
    copyFileSync(path, join(exported, file));
  }
  return exported;
}

/** Trains, told to stop after each of the given steps, each time going on from the checkpoint. */
export async function interrupted(base: (changes: Partial<FoldJob>) => FoldJob, stops: readonly number[]) {
  let resume: FoldCheckpoint[] = [];
  const messages: FoldMessage[] = [];
  for (const at of stops) {
    const stop = new AbortController();
    const listen = (message: FoldMessage): void => {
      messages.push(message);
      if (message.type === 'step' && message.step === at) stop.abort();
      if (message.type === 'checkpoint') resume = [message.checkpoint, ...resume];
    };
    await expect(trainFold(base({ resume }), listen, stop.signal)).rejects.toThrow(TrainingStopped);
  }
  const outcome = await trainFold(base({ resume }), (message) => messages.push(message), never);
  return { outcome, messages, resume };
}
