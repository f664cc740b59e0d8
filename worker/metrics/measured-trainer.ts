import type { Trainer } from '../../activities/services.js';
import type { FoldJob, FoldMessage, FoldOutcome } from '../../engine/training/job.js';
import type { WorkerMetrics } from './worker-metrics.js';

/** A trainer that tells the metrics how its folds come along. */
export class MeasuredTrainer implements Trainer {
  constructor(
    private readonly trainer: Trainer,
    private readonly metrics: WorkerMetrics,
  ) {}

  async train(job: FoldJob, options: Parameters<Trainer['train']>[1]): Promise<FoldOutcome> {
    const { folds, attempts } = this.metrics;
    const fold = folds.begin();
    const onMessage = (message: FoldMessage): void => {
      folds.take(fold, message);
      this.count(message);
      options.onMessage(message);
    };
    try {
      const outcome = await this.trainer.train(job, { ...options, onMessage });
      attempts.add(1, { outcome: 'finished' });
      return outcome;
    } catch (error) {
      attempts.add(1, { outcome: options.signal.aborted ? 'stopped' : outcomeOf(error) });
      throw error;
    } finally {
      folds.end(fold);
    }
  }

  private count(message: FoldMessage): void {
    const { steps, tokens, epochs, checkpointSeconds, checkpointBytes } = this.metrics;
    if (message.type === 'step') {
      steps.add();
      tokens.add(message.tokens);
    }
    if (message.type === 'epoch') epochs.add();
    if (message.type !== 'checkpoint') return;
    checkpointSeconds.observe(message.seconds);
    const { state, best } = message.checkpoint;
    checkpointBytes.add(state.bytes + (best?.bytes ?? 0));
  }
}

const outcomes: Readonly<Record<string, string>> = {
  DivergenceFault: 'diverged',
  OutOfMemoryFault: 'out_of_memory',
  ProcessCrashed: 'crashed',
  ProcessStalled: 'crashed',
};

function outcomeOf(error: unknown): string {
  return (error instanceof Error ? outcomes[error.name] : undefined) ?? 'failed';
}
