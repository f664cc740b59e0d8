import { Context } from '@temporalio/activity';
import { InputFault } from '../errors/fault.js';
import { submissionCsv } from '../data/results.js';
import { meanProbabilities } from '../metrics/ensemble.js';
import { decide } from '../metrics/thresholds.js';
import { concurrently } from './concurrently.js';
import type { Dataset, StepActivities, StepCall, Submission, Thresholds, TrainedFold } from './contracts.js';
import { putText, readJson } from './json-artifact.js';
import { recorded } from './recorded.js';
import { RunDirectory } from './run-directory.js';
import type { Services } from './services.js';

type Call = StepCall<{ data: Dataset; fold: readonly TrainedFold[]; thresholds: Thresholds }>;

/** Predicts the test rows by the mean of all folds' models and the tuned thresholds. */
export function predictEnsemble(services: Services): StepActivities['predictEnsemble'] {
  return recorded(services, 'predictEnsemble', (call: Call) => predict(services, call));
}

async function predict(
  services: Services,
  { run, pipeline, step, inputs, settings }: Call,
): Promise<Submission> {
  const { test } = inputs.data;
  if (test === null) throw withoutTestRows(step);
  const { ids, texts } = await readJson<{ ids: string[]; texts: string[] }>(services.store, test);
  const directory = new RunDirectory(services, run);
  const options = {
    maxLength: pipeline.model.maxLength,
    threads: settings.threads,
    signal: Context.current().cancellationSignal,
  };
  const predictions = await concurrently(inputs.fold, services.slots, async (fold) =>
    services.predictor.predict(await directory.model(fold), texts, options),
  );
  const { labels, data } = pipeline;
  const thresholds = labels.map((label) => inputs.thresholds.thresholds[label]!);
  const decided = decide(meanProbabilities(predictions), thresholds);
  const csv = submissionCsv({ id: data.id, ids, labels, predictions: decided });
  return { submission: await putText(services.store, csv), rows: ids.length };
}

function withoutTestRows(step: string): InputFault {
  return new InputFault({
    where: step,
    what: 'the prepared data has no rows to predict',
    remedy: 'Set data.test, or leave the step out.',
  });
}
