import { oofCsv } from '../data/results.js';
import { predictedRows } from '../metrics/matrix.js';
import type { TrainingTable } from '../engine/training/job.js';
import type { Dataset, OutOfFold, StepActivities, StepCall, TrainedFold } from './contracts.js';
import { putFloats, putText, readFloats, readJson } from './json-artifact.js';
import { recorded } from './recorded.js';
import type { Services } from './services.js';

type Call = StepCall<{ data: Dataset; fold: readonly TrainedFold[] }>;

/** Joins the predictions of all folds: each row's from the fold that did not train on it. */
export function aggregateOof(services: Services): StepActivities['aggregateOof'] {
  return recorded(services, 'aggregateOof', (call: Call) => aggregate(services, call));
}

async function aggregate({ store }: Services, { pipeline, inputs }: Call): Promise<OutOfFold> {
  const { labels, folds } = pipeline;
  const table = await readJson<TrainingTable>(store, inputs.data.table);
  const width = labels.length;
  const probabilities = new Float32Array(table.texts.length * width).fill(NaN);
  for (const fold of inputs.fold) {
    const rows = await readJson<number[]>(store, fold.rows);
    const predicted = await readFloats(store, fold.probabilities);
    rows.forEach((row, place) => {
      probabilities.set(predicted.subarray(place * width, (place + 1) * width), row * width);
    });
  }
  const ids = await readJson<string[]>(store, inputs.data.trainIds);
  const csv = oofCsv({ ids, folds: table.folds, labels, truth: table.labels, probabilities });
  const trained = new Set(inputs.fold.map(({ fold }) => fold));
  return {
    probabilities: await putFloats(store, probabilities),
    csv: await putText(store, csv),
    rowsWithoutOof: table.texts.length - predictedRows(probabilities, width).length,
    skippedFolds: Array.from({ length: folds.count }, (_, index) => index + 1).filter(
      (fold) => !trained.has(fold),
    ),
  };
}
