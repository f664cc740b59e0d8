import type { TrainingTable } from '../engine/training/job.js';
import { scoreOutOfFold } from '../metrics/out-of-fold.js';
import type { Dataset, OutOfFold, StepActivities, StepCall, Thresholds } from './contracts.js';
import { readFloats, readJson } from './json-artifact.js';
import { recorded } from './recorded.js';
import type { Services } from './services.js';

type Call = StepCall<{ data: Dataset; oof: OutOfFold }>;

/** Tunes each label's threshold on the out-of-fold predictions and scores them. */
export function tuneThresholds(services: Services): StepActivities['tuneThresholds'] {
  return recorded(services, 'tuneThresholds', (call: Call) => tune(services, call));
}

async function tune({ store }: Services, { pipeline, inputs }: Call): Promise<Thresholds> {
  const { labels } = pipeline;
  const table = await readJson<TrainingTable>(store, inputs.data.table);
  const probabilities = await readFloats(store, inputs.oof.probabilities);
  const truth = Uint8Array.from(table.labels.flat());
  const scores = scoreOutOfFold(probabilities, truth, Int32Array.from(table.folds), labels.length);
  const byLabel = <T>(values: readonly T[]): Record<string, T> =>
    Object.fromEntries(labels.map((label, index) => [label, values[index]!]));
  return {
    thresholds: byLabel(scores.thresholds),
    macroF1: scores.macroF1,
    perLabel: byLabel(scores.perLabel),
  };
}
