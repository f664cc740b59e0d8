import { readDataset } from '../data/dataset.js';
import { labelClasses, stratifiedKFold } from '../data/splits/stratified.js';
import type { TrainingTable } from '../engine/training/job.js';
import type { Dataset, StepActivities, StepCall } from './contracts.js';
import { putJson } from './json-artifact.js';
import { recorded } from './recorded.js';
import { localPathOf } from './roots.js';
import type { Services } from './services.js';

/** Reads the tables, checks them and gives every training row its fold. */
export function prepareData(services: Services): StepActivities['prepareData'] {
  return recorded(services, 'prepareData', (call: StepCall<Record<string, never>>) =>
    prepare(services, call),
  );
}

async function prepare({ store }: Services, { pipeline }: StepCall<unknown>): Promise<Dataset> {
  const { data, labels, folds } = pipeline;
  const source = {
    ...data,
    train: localPathOf(data.train, 'data.train'),
    test: localPathOf(data.test, 'data.test'),
  };
  const { train, test, warnings } = await readDataset(source, labels);
  const split = stratifiedKFold(labelClasses(train.labels), folds);
  const table: TrainingTable = { texts: train.texts, labels: train.labels, folds: [...split.folds] };
  return {
    rows: { train: train.ids.length, test: test.ids.length },
    table: await putJson(store, table),
    trainIds: await putJson(store, train.ids),
    test: await putJson(store, test),
    warnings: [...warnings, ...split.warnings],
  };
}
