import { Context } from '@temporalio/activity';
import { InputFault } from '../errors/fault.js';
import { idColumn } from '../pipeline/pipeline.js';
import { concurrently } from './concurrently.js';
import type { Dataset, StepActivities, StepCall, Submission, Thresholds, TrainedFold } from './contracts.js';
import { recorded } from './recorded.js';
import { RunDirectory } from './run-directory.js';
import { withScratch } from './scratch.js';
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
  const { store, tables, predictor, slots } = services;
  const { labels, data, model } = pipeline;
  const signal = Context.current().cancellationSignal;
  const directory = new RunDirectory(services, run);
  const options = { maxLength: model.maxLength, threads: settings.threads, signal };
  const table = await store.localPath(test);
  const names = inputs.fold.map(({ fold }) => `probabilities-${fold}`);
  return withScratch(services, [...names, 'submission'], async (paths) => {
    await concurrently(inputs.fold, slots, async (fold) =>
      predictor.predict(
        await directory.model(fold),
        { table, output: paths[`probabilities-${fold.fold}`]! },
        options,
      ),
    );
    const request = {
      test: table,
      models: names.map((name) => paths[name]!),
      id: idColumn(data),
      labels,
      thresholds: labels.map((label) => inputs.thresholds.thresholds[label]!),
      output: paths['submission']!,
    };
    const { rows } = await tables.run('submit', request, signal);
    return { submission: await store.putFile(request.output, { move: true }), rows };
  });
}

function withoutTestRows(step: string): InputFault {
  return new InputFault({
    where: step,
    what: 'the prepared data has no rows to predict',
    remedy: 'Set data.test, or leave the step out.',
  });
}
