import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { tasks } from '../../tasks/index.js';
import type { Task } from '../../tasks/task.js';
import { lossScaleArray, type StepResult } from '../device/training-state.js';
import { permutation } from '../kernels/philox.js';
import { dataOrderDraws } from '../kernels/random-draws.js';
import { untouchedFactor } from '../optim/parameter-groups.js';
import { Course } from './course.js';
import { answerRange, checkCollapse, checkFinite, checkJudgement } from './divergence.js';
import { choiceWarning, isOver, notJudged, weigh } from './epoch-choice.js';
import { exportModel } from './export.js';
import { FoldCheckpoints } from './fold-checkpoints.js';
import type { FoldSetup } from './fold-setup.js';
import { setUpFold } from './fold-setup.js';
import type { EpochMetrics, FoldJob, FoldMessage, FoldOutcome, TrainedOn } from './job.js';
import { asOutOfMemory, isOfDevice, splitWarning } from './micro-batch.js';
import { optionGroups, type OptionGroups } from './option-groups.js';
import { Pace } from './pace.js';
import { Stopwatch } from './stopwatch.js';
import type { TextBatch } from './trainer.js';

/** Texts by which an untrained model's answers are judged. */
const SAMPLE = 32;

/** Thrown when the fold was told to stop: its checkpoint is written, nothing is wrong. */
export class TrainingStopped extends Error {
  override readonly name = 'TrainingStopped';
}

/** What was under way when the fold was told to stop is given up. */
class GivenUp extends Error {}

/**
 * Trains one fold to its end, or to where it is told to stop: a step, a judgement or an export under way is
 * given up then, and a checkpoint of what was done before it is written. Deterministic: the same job gives the same
 * bits, however often it was stopped and resumed, because every random draw is a function of seed, fold,
 * step and place.
 *
 * @param emit `stopped` comes once the checkpoint is written; native work that was given up may still run then
 * @throws InputFault, DivergenceFault, TrainingStopped
 */
export async function trainFold(
  job: FoldJob,
  emit: (message: FoldMessage) => void,
  stop: AbortSignal,
): Promise<FoldOutcome> {
  const pace = new Pace(
    emit,
    'checkpoint' in job.model ? `the tokenizer of ${job.model.checkpoint}` : undefined,
  );
  const watch = new Stopwatch();
  pace.enter('preparing');
  const setup = await setUpFold(job, pace, watch);
  const fold = new Fold(job, setup, emit, pace, watch, stop);
  let isVoid = false;
  try {
    await fold.resume();
    return await fold.fitAndFinish();
  } catch (error) {
    isVoid = isOfDevice(error);
    throw error;
  } finally {
    // What a device that failed holds goes with the process: it may never give it back.
    if (!isVoid) {
      await fold.settled();
      await setup.close();
    }
  }
}

class Fold {
  private readonly checkpoints: FoldCheckpoints;
  private readonly warnings: string[] = [];
  private readonly options: OptionGroups;
  private readonly course: Course;
  /** `answerRange` before the first step. */
  private untrainedRange = 0;
  /** What is under way and may be given up; memory that it uses has to stay until it has ended. */
  private underway: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly job: FoldJob,
    private readonly setup: FoldSetup,
    private readonly emit: (message: FoldMessage) => void,
    private readonly pace: Pace,
    private readonly watch: Stopwatch,
    private readonly stop: AbortSignal,
  ) {
    this.options = optionGroups(job.training);
    const { passes, rate, averaging, perturbation } = this.options;
    const { rows } = setup.training;
    this.course = new Course(rows.length, passes, rate, averaging, perturbation, setup.microBatch);
    this.checkpoints = new FoldCheckpoints(job, setup, (message) => this.warn(message));
  }

  private get task(): Task {
    return tasks[this.job.task];
  }

  private get width(): number {
    return this.job.labels.length;
  }

  private get on(): TrainedOn {
    const { device, precision } = this.setup;
    const { name, card } = device;
    return {
      device: name,
      ...(card === null ? {} : { card: { name: card.name, memoryBytes: card.memoryBytes } }),
      ...(precision === 'float32' ? {} : { precision }),
    };
  }

  /** Of the first held-out texts; they are enough to see that answers differ. */
  private async rangeOfAnswers(): Promise<number> {
    const logits = await this.setup.evaluation.logits(this.setup.validation.texts.slice(0, SAMPLE));
    return answerRange(this.task.activate(logits, this.width), this.width);
  }

  async resume(): Promise<void> {
    for (const warning of this.setup.warnings) this.warn(warning);
    if (this.options.passes.microBatch === 'auto') {
      for (const warning of splitWarning(
        this.options.passes.batchSize,
        this.setup.microBatch,
        this.setup.card,
      ))
        this.warn(warning);
    }
    this.untrainedRange = await this.watch.time('evaluate', () => this.rangeOfAnswers());
    const { step } = await this.watch.time('checkpoint', () => this.checkpoints.resume());
    this.emit({
      type: 'started',
      step,
      steps: this.course.steps,
      epochs: this.options.passes.epochs,
      resumedFrom: step,
      on: this.on,
    });
  }

  async fitAndFinish(): Promise<FoldOutcome> {
    try {
      await this.fit();
      return await this.finish();
    } catch (error) {
      if (error instanceof GivenUp) await this.leave();
      const { source, largest, card, vocabulary } = this.setup;
      const { draws, perturbation, checkpointing, layers } = this.options;
      const options = { draws, perturbation, checkpointing, freezeLayers: layers.freezeLayers };
      const arrays = card === null ? options : { ...options, vocabulary: vocabulary.size };
      throw asOutOfMemory(error, source.classifier, largest, arrays, card);
    }
  }

  /** Waits until nothing is under way any more. */
  async settled(): Promise<void> {
    await this.underway.catch(() => undefined);
  }

  /** @throws GivenUp as soon as the fold is told to stop: what `work` has changed by then must not matter */
  private unlessStopped<T>(work: () => Promise<T>): Promise<T> {
    if (this.stop.aborted) return Promise.reject(new GivenUp());
    const running = work();
    this.underway = running;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(new GivenUp());
      if (this.stop.aborted) giveUp();
      this.stop.addEventListener('abort', giveUp, { once: true });
      const done = (): void => this.stop.removeEventListener('abort', giveUp);
      running.then(resolve, reject).then(done, done);
    });
  }

  /** Epochs of optimizer steps, each judged at its end; the best one so far is kept. */
  private async fit(): Promise<void> {
    this.pace.enter('training');
    const { position } = this.checkpoints;
    while (!this.isOver()) {
      const epoch = position.history.length; // 0 for the first
      const order = permutation(this.setup.training.rows.length, this.setup.key, dataOrderDraws(epoch));
      while (this.course.isWithin(epoch + 1, position.step)) {
        // Before the next step, and not after the last one, so that a fold that was stopped in it does it again.
        if (this.course.evaluationsDue(position.step) > position.within.evaluations)
          await this.judge(epoch + 1);
        const hasNext = this.course.isWithin(epoch + 1, position.step + 1);
        const next = hasNext ? this.course.batches(order, position.step + 1)[0] : undefined;
        if (this.checkpoints.isKeeping) await this.writing(() => this.checkpoints.writeKept());
        await this.step(this.course.batches(order, position.step), next);
        if (this.checkpoints.interval.due()) await this.checkpoint();
      }
      await this.judge(epoch + 1);
      if (this.checkpoints.interval.dueAfterEpoch()) await this.checkpoint();
    }
  }

  private isOver(): boolean {
    const { history, bestEpoch } = this.checkpoints.position;
    return (
      history.length >= this.options.passes.epochs || isOver(history.length, bestEpoch, this.options.choice)
    );
  }

  /** @param rows of the training set */
  private batchOf(rows: readonly number[]): TextBatch {
    const { texts, targets } = this.setup.training;
    return {
      texts: rows.map((row) => texts[row] as Int32Array),
      targets: rows.map((row) => targets[row] as readonly number[]),
    };
  }

  /** @param batches rows of the training set @param next those of the next step's first batch, in the same epoch */
  private async step(batches: readonly (readonly number[])[], next?: readonly number[]): Promise<void> {
    const { position } = this.checkpoints;
    const { texts } = this.setup.training;
    const before = this.watch.total('train');
    const result = await this.watch.time('train', () =>
      this.unlessStopped(() =>
        this.setup.trainer.stepOver(
          batches.map((rows) => this.batchOf(rows)),
          {
            learningRate: this.course.learningRate(position.step),
            averageShare: this.course.averageShare(position.step),
            perturbed: this.course.isPerturbed(position.step),
            step: position.step,
            key: this.setup.key,
          },
          this.stop,
          next && this.batchOf(next),
        ),
      ),
    );
    this.pace.stepped(this.watch.total('train') - before);
    await this.checkStep(result);
    const { loss, skipped } = result;
    if (skipped) position.skipped.push(position.step);
    position.step++;
    if (!Number.isFinite(loss)) {
      position.lossless++;
      return;
    }
    position.epochLoss += loss;
    this.emit({
      type: 'step',
      epoch: position.history.length + 1,
      step: position.step,
      steps: this.course.steps,
      loss,
      tokens: batches.flat().reduce((sum, row) => sum + (texts[row]?.length ?? 0), 0),
      secondsPerStep: this.watch.recent('train'),
    });
  }

  /** @throws DivergenceFault where the step shows that no further one helps */
  private async checkStep(result: StepResult): Promise<void> {
    const { state } = this.setup.trainer;
    const scaled = state.has(lossScaleArray, 'scale');
    const scale = scaled && result.skipped ? (await state.read(lossScaleArray, 'scale'))[0]! : null;
    checkFinite(this.job.fold, this.checkpoints.position.step, result, scale);
  }

  /**
   * Scores the held-out rows, and keeps the weights where they are better than those before them
   * (epoch-choice.ts). The best of an epoch's judgements stands for it.
   */
  private async judge(epoch: number): Promise<void> {
    const { position } = this.checkpoints;
    const { texts, targets } = this.setup.validation;
    const truth = Uint8Array.from(targets.flat());
    const { stop, pace } = this;
    const onBatch = (): void => pace.progress();
    const logits = await pace.during('judging', () =>
      this.watch.time('evaluate', () =>
        this.unlessStopped(() => this.setup.evaluation.logits(texts, { stop, onBatch })),
      ),
    );
    const { task, width, course } = this;
    const probabilities = task.activate(logits, width);
    const stepsDone = position.step - position.history.length * course.stepsPerEpoch;
    const metrics: EpochMetrics = {
      epoch,
      trainLoss: position.epochLoss / (stepsDone - position.lossless),
      valLoss: task.lossOf(logits, truth, width),
      ...task.epochScores(probabilities, truth, width),
    };
    checkJudgement(this.job.fold, epoch, metrics);
    const { history, bestEpoch, within } = position;
    const { better, best } = weigh(metrics, history, bestEpoch, within, this.options.choice);
    const isEnd = stepsDone === course.stepsPerEpoch;
    const kept = better || within.kept;
    position.answerRange = answerRange(probabilities, width);
    if (better) position.keptStep = isEnd ? null : position.step;
    if (isEnd) {
      const judged = { ...best, trainLoss: metrics.trainLoss };
      history.push(judged);
      position.epochLoss = 0;
      position.lossless = 0;
      position.within = notJudged;
      if (kept) position.bestEpoch = epoch;
    } else position.within = { evaluations: course.evaluationsDue(position.step), best, kept };
    if (better) this.checkpoints.keep(probabilities);
    if (isEnd) this.emit({ type: 'epoch', metrics: history[epoch - 1] as EpochMetrics, best: kept });
  }

  private async checkpoint(): Promise<void> {
    const before = this.watch.total('checkpoint');
    const checkpoint = await this.writing(() => this.checkpoints.write());
    this.emit({ type: 'checkpoint', checkpoint, seconds: this.watch.total('checkpoint') - before });
  }

  private writing<T>(work: () => Promise<T>): Promise<T> {
    return this.pace.during('writing a checkpoint', () => this.watch.time('checkpoint', work));
  }

  private async leave(): Promise<never> {
    await this.checkpoint();
    const { step } = this.checkpoints.position;
    this.emit({ type: 'stopped', step });
    throw new TrainingStopped(`fold ${this.job.fold} stopped after step ${step}`);
  }

  /**
   * Exports the kept epoch and writes its validation probabilities. A stop from here on gives a checkpoint
   * whose weights are already the kept ones; nothing that is left to do reads the others.
   */
  private async finish(): Promise<FoldOutcome> {
    this.pace.enter('exporting');
    const { history, bestEpoch, keptStep, step, skipped, answerRange: range } = this.checkpoints.position;
    const probabilities = await this.watch.time('checkpoint', () => this.checkpoints.restoreKept());
    const choice = choiceWarning(history, bestEpoch, this.options.choice);
    if (choice !== null) this.warn(choice);
    if (this.setup.validation.rows.length > 1) checkCollapse(this.job.fold, range, this.untrainedRange);
    const { precision } = this.setup;
    const words = this.setup.trainer.groupOf(this.setup.source.classifier.wordEmbedding);
    const length = keptStep ?? bestEpoch * this.course.stepsPerEpoch;
    const still = new Set(skipped);
    const rates = Array.from({ length }, (_, step) => (still.has(step) ? 0 : this.course.learningRate(step)));
    const untouched = untouchedFactor(words, rates, this.options.optimizer.weightDecay, (step) =>
      this.course.averageShare(step),
    );
    const { files: model, weights } = await this.watch.time('export', () =>
      this.unlessStopped(() => exportModel(this.job, this.setup, untouched)),
    );
    // Rows of the embedding that were not trained are read again for the export.
    await this.setup.checkModel();
    const path = join(this.job.workDirectory, 'validation.f32');
    await writeFile(
      path,
      new Uint8Array(probabilities.buffer, probabilities.byteOffset, probabilities.byteLength),
    );
    return {
      fold: this.job.fold,
      bestEpoch,
      epochs: history,
      rows: this.setup.validation.rows,
      probabilities: path,
      model,
      weights,
      ...this.on,
      threads: this.job.threads,
      seed: this.job.seed,
      ...(this.setup.microBatch < this.options.passes.batchSize ? { microBatch: this.setup.microBatch } : {}),
      steps: step,
      ...(precision === 'float16' ? { skippedSteps: skipped.length } : {}),
      seconds: this.watch.seconds(),
      warnings: this.warnings,
    };
  }

  private warn(message: string): void {
    this.warnings.push(message);
    this.emit({ type: 'warning', message });
  }
}
