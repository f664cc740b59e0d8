import { Context } from '@temporalio/activity';
import type { Dataset, OutOfFold, StepActivities, StepCall, Thresholds } from './contracts.js';
import { recorded } from './recorded.js';
import type { Services } from './services.js';

type Call = StepCall<{ data: Dataset; oof: OutOfFold }>;

/** Tunes each label's threshold on the out-of-fold predictions and scores them. */
export function tuneThresholds(services: Services): StepActivities['tuneThresholds'] {
  return recorded(services, 'tuneThresholds', (call: Call) => tune(services, call));
}

async function tune({ store, tables }: Services, { pipeline, inputs }: Call): Promise<Thresholds> {
  const { labels } = pipeline;
  const request = {
    table: await store.localPath(inputs.data.table),
    probabilities: await store.localPath(inputs.oof.probabilities),
    labels: labels.length,
    task: pipeline.task,
  };
  const scores = await tables.run('score', request, Context.current().cancellationSignal);
  const byLabel = <T>(values: readonly T[]): Record<string, T> =>
    Object.fromEntries(labels.map((label, index) => [label, values[index]!]));
  return {
    thresholds: byLabel(scores.thresholds),
    macroF1: scores.macroF1,
    perLabel: byLabel(scores.perLabel),
    ...(scores.classes === undefined ? {} : { classes: scores.classes }),
  };
}
