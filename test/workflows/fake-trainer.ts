import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { precisionOn } from '../../engine/precision/choice.js';
import type { ModelSource, Predictor, Trainer } from '../../activities/services.js';
import type { HashedFile, FoldJob, FoldOutcome } from '../../engine/training/job.js';
import { Stopwatch } from '../../engine/training/stopwatch.js';
import type { Texts } from '../../data/column-file/reader.js';
import { Lengths } from '../../data/hygiene/lengths.js';
import type { TableTokens } from '../../data/hygiene/token-counts.js';
import { heldOutBy, openTestTable, openTrainingTable } from '../../data/prepared-table.js';
import { runTableTask, type TableWork } from '../../activities/tables/tasks.js';
import { EnvironmentFault, Fault } from '../../errors/fault.js';

export interface FakeTrainerOptions {
  readonly steps?: number;
  readonly stepMs?: number;
  /** While it says so, a training takes no step. */
  readonly held?: () => boolean;
  /** Whether each step ends an epoch, so that its signal is sent. */
  readonly stepsAreEpochs?: boolean;
  /** The probability of a label of a held-out row; by default close to the truth, so that scores are above zero. */
  readonly predict?: (truth: number, entry: number, job: FoldJob) => number;
  /** Throws in place of a training, as often as it likes. */
  readonly fail?: (job: FoldJob, calls: number) => Error | undefined;
}

const heldMs = 20;

/** A trainer whose model is a count: step n's state is n, so that a resume shows. */
export class FakeTrainer implements Trainer {
  readonly jobs: FoldJob[] = [];
  /** Steps done per fold, those that were done again included. */
  readonly stepsDone = new Map<number, number>();

  constructor(readonly options: FakeTrainerOptions = {}) {}

  async train(job: FoldJob, { onMessage, signal }: Parameters<Trainer['train']>[1]): Promise<FoldOutcome> {
    this.jobs.push(job);
    const failure = this.options.fail?.(job, this.jobs.filter(({ fold }) => fold === job.fold).length);
    if (failure !== undefined) throw failure;
    const steps = this.options.steps ?? 4;
    const from = await resumedStep(job);
    onMessage({ type: 'started', step: from, steps, epochs: 1, resumedFrom: from });
    while (this.options.held?.() === true && !signal.aborted) await delay(heldMs);
    for (let step = from + 1; step <= steps; step++) {
      if (this.options.stepMs !== undefined) await delay(this.options.stepMs);
      this.stepsDone.set(job.fold, (this.stepsDone.get(job.fold) ?? 0) + 1);
      onMessage({ type: 'step', epoch: 1, step, steps, loss: 1 / step, tokens: 32, secondsPerStep: 0.01 });
      if (this.options.stepsAreEpochs === true)
        onMessage({
          type: 'epoch',
          metrics: { epoch: step, trainLoss: 0.5, valLoss: 0.4, macroF1: 0.5 },
          best: false,
        });
      const state = await fileOf(join(job.workDirectory, `state-${step}`), String(step));
      onMessage({ type: 'checkpoint', checkpoint: { step, state, best: null }, seconds: 0 });
      if (signal.aborted)
        throw new EnvironmentFault({ where: `fold ${job.fold}`, what: 'the training was stopped' });
    }
    const metrics = { epoch: 1, trainLoss: 0.5, valLoss: 0.4, macroF1: 0.5 + job.fold / 100 };
    onMessage({ type: 'epoch', metrics, best: true });
    return outcomeOf(job, steps, metrics, this.options.predict ?? closeToTruth);
  }
}

export class Diverged extends Fault {
  constructor() {
    super({ where: 'a fold', what: 'training diverged' });
    this.name = 'DivergenceFault';
  }
}

async function resumedStep({ resume }: FoldJob): Promise<number> {
  const [newest] = resume;
  return newest === undefined ? 0 : Number(await readFile(newest.state.path, 'utf8'));
}

function closeToTruth(truth: number): number {
  return 0.2 + 0.6 * truth;
}

async function outcomeOf(
  job: FoldJob,
  steps: number,
  metrics: FoldOutcome['epochs'][number],
  predict: NonNullable<FakeTrainerOptions['predict']>,
): Promise<FoldOutcome> {
  const { device = 'cpu' } = job;
  const precision = precisionOn(device, job.training.precision);
  const table = openTrainingTable(job.table);
  table.close();
  const rows = [...table.folds.keys()].filter(heldOutBy(table, job));
  const width = job.labels.length;
  const probabilities = Float32Array.from(
    rows.flatMap((row) =>
      [...table.labels.subarray(row * width, (row + 1) * width)].map((truth, label) =>
        predict(truth, row * width + label, job),
      ),
    ),
  );
  const folder = join(job.workDirectory, 'export');
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await writeFile(join(folder, 'probabilities'), Buffer.from(probabilities.buffer));
  await writeFile(join(folder, 'config.json'), `{"fold":${job.fold}}`);
  const weights = await fileOf(join(folder, 'onnx', 'model.onnx'), `model ${job.fold} ${job.seed}`);
  return {
    fold: job.fold,
    bestEpoch: 1,
    epochs: [metrics],
    rows,
    probabilities: join(folder, 'probabilities'),
    model: {
      'config.json': join(folder, 'config.json'),
      'onnx/model.onnx': join(folder, 'onnx', 'model.onnx'),
      'onnx/same.onnx': join(folder, 'onnx', 'model.onnx'),
    },
    weights,
    device,
    ...(precision === 'float32' ? {} : { precision }),
    threads: job.threads,
    seed: job.seed,
    steps,
    seconds: { ...new Stopwatch().seconds(), train: 0.1, total: 0.1 },
    warnings: [],
  };
}

async function fileOf(path: string, text: string): Promise<HashedFile> {
  await writeFile(path, text);
  return { path, sha256: createHash('sha256').update(text).digest('hex'), bytes: text.length };
}

export class FakePredictor implements Predictor {
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

/** Tables in this process: the sources have no script of a child to start. */
export const tablesHere: TableWork = { run: runTableTask };

/** Every word is a token, and one with a digit is unknown. */
function wordsOf({ texts, close }: { texts: Texts; close: () => void }, longest: number): TableTokens {
  const tokens = [...texts.lists()].flat().map((text) => text.split(' '));
  close();
  const lengths = new Lengths();
  for (const words of tokens) lengths.add(words.length + 2);
  return {
    texts: tokens.length,
    cut: tokens.filter((words) => words.length + 2 > longest).length,
    lengths: lengths.summary(),
    tokens: tokens.flat().length,
    unknown: tokens.flat().filter((word) => /\d/.test(word)).length,
  };
}

export const fakeModels: ModelSource = {
  locate: () => Promise.reject(new Error('there is no checkpoint in these tests')),
  learnTokenizer: () => Promise.resolve('{}'),
  countTokens: ({ maxLength }, { table, test }) =>
    Promise.resolve({
      longest: maxLength,
      train: wordsOf(openTrainingTable(table), maxLength),
      test: test === null ? null : wordsOf(openTestTable(test), maxLength),
    }),
};
