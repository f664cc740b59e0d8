import type { TrainingTable } from '../engine/training/job.js';
import type { Dataset, StepActivities, StepCall } from './contracts.js';
import { putJson } from './json-artifact.js';
import { readTables } from './pipeline-tables.js';
import { recorded } from './recorded.js';
import type { Services } from './services.js';

/** Reads the tables, checks them and gives every training row its fold. */
export function prepareData(services: Services): StepActivities['prepareData'] {
  return recorded(services, 'prepareData', (call: StepCall<Record<string, never>>) =>
    prepare(services, call),
  );
}

async function prepare({ store }: Services, { pipeline }: StepCall<unknown>): Promise<Dataset> {
  const { train, test, folds, warnings } = await readTables(pipeline);
  const table: TrainingTable = { texts: train.texts, labels: train.labels, folds: [...folds] };
  return {
    rows: { train: train.ids.length, test: test?.ids.length ?? null },
    table: await putJson(store, table),
    trainIds: await putJson(store, train.ids),
    test: test === null ? null : await putJson(store, test),
    warnings,
  };
}
