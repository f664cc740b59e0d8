import { Context } from '@temporalio/activity';
import { idColumn } from '../pipeline/pipeline.js';
import { concurrently } from './concurrently.js';
import type { Dataset, OutOfFold, StepActivities, StepCall, TrainedFold } from './contracts.js';
import { recorded } from './recorded.js';
import { withScratch } from './scratch.js';
import type { Services } from './services.js';

type Call = StepCall<{ data: Dataset; fold: readonly TrainedFold[] }>;

/** Joins the predictions of all folds: each row's from the fold that did not train on it. */
export function aggregateOof(services: Services): StepActivities['aggregateOof'] {
  return recorded(services, 'aggregateOof', (call: Call) => aggregate(services, call));
}

/** Folds whose files are looked up at once. */
const lookups = 4;

async function aggregate(services: Services, { pipeline, inputs }: Call): Promise<OutOfFold> {
  const { labels, folds, data } = pipeline;
  const { store, tables } = services;
  const predictions = await concurrently(inputs.fold, lookups, async ({ rows, probabilities }) => ({
    rows: await store.localPath(rows),
    probabilities: await store.localPath(probabilities),
  }));
  const trained = new Set(inputs.fold.map(({ fold }) => fold));
  return withScratch(services, ['probabilities', 'csv'], async (output) => {
    const request = {
      table: await store.localPath(inputs.data.table),
      trainIds: await store.localPath(inputs.data.trainIds),
      id: idColumn(data),
      labels,
      folds: predictions,
      output,
    };
    const { rowsWithoutOof } = await tables.run('aggregate', request, Context.current().cancellationSignal);
    return {
      probabilities: await store.putFile(output.probabilities, { move: true }),
      csv: await store.putFile(output.csv, { move: true }),
      rowsWithoutOof,
      skippedFolds: Array.from({ length: folds.count }, (_, index) => index + 1).filter(
        (fold) => !trained.has(fold),
      ),
    };
  });
}
