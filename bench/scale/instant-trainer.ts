import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../../store/digest.js';
import type { Predictor, Trainer } from '../../activities/services.js';
import type { TableTokens, TokenCounts } from '../../data/hygiene/token-counts.js';
import type { EpochMetrics, FoldJob, FoldOutcome } from '../../engine/training/job.js';
import { Stopwatch } from '../../engine/training/stopwatch.js';
import { heldOutBy, openTestTable, openTrainingTable } from '../../data/prepared-table.js';

/** The files of an exported fold: what travels of a fold is mostly the references to them. */
const exported = [
  'config.json',
  'model.safetensors',
  'onnx/model.onnx',
  'onnx/model.onnx_data',
  'special_tokens_map.json',
  'tokenizer.json',
  'tokenizer_config.json',
];

/** A trainer that trains nothing: what a run then takes is orchestration, storage and scoring. */
export class InstantTrainer implements Trainer {
  async train(job: FoldJob, { onMessage }: Parameters<Trainer['train']>[1]): Promise<FoldOutcome> {
    const epochs = Array.from({ length: job.training.epochs }, (_, index) => metricsOf(index + 1, job.fold));
    onMessage({ type: 'started', step: 0, steps: epochs.length, epochs: epochs.length, resumedFrom: 0 });
    for (const metrics of epochs) onMessage({ type: 'epoch', metrics, best: true });
    const table = openTrainingTable(job.table);
    table.close();
    const rows = [...table.folds.keys()].filter(heldOutBy(table, job));
    const probabilities = join(job.workDirectory, 'probabilities');
    await writeFile(probabilities, new Uint8Array(new Float32Array(rows.length * job.labels.length).buffer));
    const model = await writeModel(job);
    const weights = model['model.safetensors']!;
    const text = await readFile(weights);
    return {
      fold: job.fold,
      bestEpoch: epochs.length,
      epochs,
      rows,
      probabilities,
      model,
      weights: { path: weights, sha256: sha256(text), bytes: text.length },
      device: 'cpu',
      threads: job.threads,
      seed: job.seed,
      steps: epochs.length,
      seconds: new Stopwatch().seconds(),
      warnings: [],
    };
  }
}

/** Numbers with all their digits, as real ones have. */
function metricsOf(epoch: number, fold: number): EpochMetrics {
  const trainLoss = 1 / (epoch + fold / 3 + Math.SQRT2);
  return { epoch, trainLoss, valLoss: trainLoss / 3, macroF1: 1 - trainLoss / 7 };
}

async function writeModel({ fold, workDirectory }: FoldJob): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of exported) {
    const path = (files[name] = join(workDirectory, 'model', name));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${name} of fold ${fold}`);
  }
  return files;
}

/** Says 0.6 of everything. */
export class InstantPredictor implements Predictor {
  constructor(private readonly labels: number) {}

  async predict(_folder: string, files: { table: string; output: string }): Promise<void> {
    const { texts, close } = openTestTable(files.table);
    close();
    await writeFile(
      files.output,
      new Uint8Array(new Float32Array(texts.length * this.labels).fill(0.6).buffer),
    );
  }
}

const none: TableTokens = {
  texts: 0,
  cut: 0,
  lengths: { mean: 0, median: 0, p95: 0, p99: 0, longest: 0 },
  tokens: 0,
  unknown: 0,
};

/** Of a tokenizer that nobody asked. */
export const noTokens: TokenCounts = { longest: 128, train: none, test: null };
