import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPipeline } from '../../pipeline/load.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { root } from '../root.js';

/** A pipeline that the campaign disturbs. */
export interface Subject {
  readonly name: string;
  readonly pipeline: Pipeline;
  /** Folders that its workers read. */
  readonly roots: readonly string[];
  /** Seconds between checkpoints while it is disturbed, unless chosen otherwise. */
  readonly checkpointEvery: number;
  /** Mean seconds between two faults: enough for a fold to get from one checkpoint to the next. */
  readonly pause: number;
}

const shared = join(root, '..', 'shared');

export function quickstart(): Subject {
  const folder = join(root, 'examples', 'quickstart');
  const pipeline = readPipeline(join(folder, 'pipeline.yaml'));
  return { name: 'quickstart', pipeline, roots: [folder], checkpointEvery: 1, pause: 5 };
}

/** The quick start with fewer folds: for the test suite. */
export function tiny(): Subject {
  const whole = quickstart();
  const { pipeline } = whole;
  return {
    ...whole,
    name: 'tiny',
    pipeline: { ...pipeline, folds: { ...pipeline.folds, count: 2 } },
    pause: 3,
  };
}

/** The quick start as 5 folds × 3 seeds × 2 kinds of network, each trained for less long. */
export function matrix(): Subject {
  const whole = quickstart();
  const { steps, ...pipeline } = whole.pipeline;
  const axes = { 'training.seed': [42, 43, 44], 'model.scratch.type': ['bert', 'deberta-v2'] };
  const fold = { ...steps['fold']!, matrix: { fold: 'all', ...axes } as const };
  const training = { ...pipeline.training, epochs: 3 };
  return { ...whole, name: 'matrix', pipeline: { ...pipeline, training, steps: { ...steps, fold } } };
}

/** Rows of the real table that each MiniLM run trains on, and predicts. */
const miniLmRows = { train: 400, test: 100 };

/**
 * The BRIGHTER example on the first rows of its tables, for two epochs.
 *
 * @param folder takes the shortened tables
 * @returns null where the texts or the model are not there
 */
export function miniLm(folder: string): Subject | null {
  const tables = join(shared, 'data', 'brighter-eng');
  const model = join(shared, 'models', 'all-MiniLM-L6-v2');
  if (!existsSync(join(tables, 'train.csv')) || !existsSync(model)) return null;
  mkdirSync(folder, { recursive: true });
  for (const [table, rows] of Object.entries(miniLmRows)) {
    // Every row of these tables is one line.
    const lines = readFileSync(join(tables, `${table}.csv`), 'utf8').split('\n');
    writeFileSync(join(folder, `${table}.csv`), `${lines.slice(0, rows + 1).join('\n')}\n`);
  }
  const overrides = {
    'data.train': join(folder, 'train.csv'),
    'data.test': join(folder, 'test.csv'),
    'training.epochs': '2',
  };
  const pipeline = readPipeline(join(root, 'examples', 'brighter', 'pipeline.yaml'), { overrides });
  return { name: 'minilm', pipeline, roots: [folder, model], checkpointEvery: 5, pause: 12 };
}
