import { describe, expect, it } from 'vitest';
import type { Trainer } from '../../../activities/services.js';
import type { FoldJob, FoldMessage, FoldOutcome } from '../../../engine/training/job.js';
import { EnvironmentFault } from '../../../errors/fault.js';
import { MeasuredTrainer } from '../../../worker/metrics/measured-trainer.js';
import { WorkerMetrics } from '../../../worker/metrics/worker-metrics.js';
import { Diverged } from '../../workflows/fake-trainer.js';

const job = {} as FoldJob;
const outcome = {} as FoldOutcome;
const never = new AbortController().signal;

/** What the metrics have of a name, by its labels. */
function samples(metrics: WorkerMetrics, name: string): Record<string, number> {
  const lines = metrics.render().split('\n');
  const found = lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return Object.fromEntries(
    found.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(name.length, at), Number(line.slice(at + 1))];
    }),
  );
}

/** A trainer that plays what it is told, and looks at the metrics in between. */
const playing = (messages: readonly FoldMessage[], look: () => void, error?: Error): Trainer => ({
  train: (_job, { onMessage }) => {
    messages.forEach(onMessage);
    look();
    return error === undefined ? Promise.resolve(outcome) : Promise.reject(error);
  },
});

const step = (done: number): FoldMessage => ({
  type: 'step',
  epoch: 1,
  step: done,
  steps: 10,
  loss: 0.5,
  tokens: 30,
  secondsPerStep: 0.25,
});
const phase = (name: 'training' | 'writing a checkpoint' | 'compiling'): FoldMessage => ({
  type: 'phase',
  phase: name,
  patienceSeconds: 1,
  silent: false,
});

describe('the metrics of a worker', () => {
  it('tell of a fold while it trains, by its place, and nothing of it afterwards', async () => {
    let now = 5_000;
    const metrics = new WorkerMetrics(
      () => true,
      () => now,
    );
    const file = { path: '', sha256: '', bytes: 100 };
    const checkpoint = { step: 2, state: file, best: { ...file, bytes: 20 } };
    const messages: FoldMessage[] = [
      phase('training'),
      step(1),
      step(2),
      { type: 'checkpoint', checkpoint, seconds: 0.2 },
      { type: 'epoch', metrics: { epoch: 1, trainLoss: 1, valLoss: 1, macroF1: 1 }, best: true },
    ];
    metrics.foldsTaken = 2;
    await new MeasuredTrainer(
      playing(messages, () => {
        now = 9_000;
        expect(samples(metrics, 'foldwise_folds')).toMatchObject({
          '{state="training"}': 1,
          '{state="waiting"}': 1,
        });
        expect(samples(metrics, 'foldwise_fold_loss')).toEqual({ '{slot="1"}': 0.5 });
        expect(samples(metrics, 'foldwise_fold_progress_ratio')).toEqual({ '{slot="1"}': 0.2 });
        expect(samples(metrics, 'foldwise_fold_progress_timestamp_seconds')).toEqual({ '{slot="1"}': 5 });
        expect(samples(metrics, 'foldwise_fold_checkpoint_timestamp_seconds')).toEqual({ '{slot="1"}': 5 });
      }),
      metrics,
    ).train(job, { onMessage: () => undefined, signal: never });
    expect(samples(metrics, 'foldwise_fold_loss')).toEqual({});
    expect(samples(metrics, 'foldwise_training_steps_total')).toEqual({ '': 2 });
    expect(samples(metrics, 'foldwise_training_tokens_total')).toEqual({ '': 60 });
    expect(samples(metrics, 'foldwise_training_epochs_total')).toEqual({ '': 1 });
    expect(samples(metrics, 'foldwise_checkpoint_bytes_total')).toEqual({ '': 120 });
    expect(samples(metrics, 'foldwise_checkpoint_seconds_sum')).toEqual({ '': 0.2 });
    expect(samples(metrics, 'foldwise_fold_attempts_total')).toEqual({ '{outcome="finished"}': 1 });
  });

  it('take signs of life for none of progress', async () => {
    let now = 1_000;
    const metrics = new WorkerMetrics(
      () => true,
      () => now,
    );
    const trainer: Trainer = {
      train: (_job, { onMessage }) => {
        onMessage(phase('compiling'));
        now = 60_000;
        onMessage({ type: 'alive' });
        expect(samples(metrics, 'foldwise_fold_progress_timestamp_seconds')).toEqual({ '{slot="1"}': 1 });
        return Promise.resolve(outcome);
      },
    };
    await new MeasuredTrainer(trainer, metrics).train(job, { onMessage: () => undefined, signal: never });
  });

  it.each([
    ['diverged', new Diverged(), false],
    ['failed', new EnvironmentFault({ where: 'x', what: 'y' }), false],
    ['stopped', new EnvironmentFault({ where: 'x', what: 'y' }), true],
  ])('count a training that %s', async (name, error, aborted) => {
    const metrics = new WorkerMetrics();
    const trainer = new MeasuredTrainer(
      playing([], () => undefined, error),
      metrics,
    );
    const signal = aborted ? AbortSignal.abort() : never;
    await expect(trainer.train(job, { onMessage: () => undefined, signal })).rejects.toBe(error);
    expect(samples(metrics, 'foldwise_fold_attempts_total')).toEqual({ [`{outcome="${name}"}`]: 1 });
  });

  it('give folds that train together places of their own, and a place that is free again', () => {
    const { folds } = new WorkerMetrics();
    const [first, second] = [folds.begin(), folds.begin()];
    expect([first.slot, second.slot]).toEqual([1, 2]);
    folds.end(first);
    expect(folds.begin().slot).toBe(1);
  });

  it('have names and labels as Prometheus wants them, none twice', () => {
    const definitions = new WorkerMetrics().instruments.map(({ definition }) => definition);
    const names = definitions.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, help, type, labels } of definitions) {
      expect(name).toMatch(/^(foldwise|process)_[a-z_]+$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(help).toMatch(/^\S.*\.$/);
      for (const label of labels) expect(label).toMatch(/^[a-z]+$/);
      // Nothing that grows with what is run.
      for (const label of labels) expect(['run', 'fold', 'path', 'workflow']).not.toContain(label);
    }
  });
});
