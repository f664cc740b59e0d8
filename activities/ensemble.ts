import { InputFault } from '../errors/fault.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { idColumn } from '../pipeline/pipeline.js';
import { concurrently } from './concurrently.js';
import { withScratch } from './scratch.js';
import type { Services } from './services.js';

/** What the ensemble of a pipeline's folds is asked to predict. */
export interface EnsembleRequest {
  readonly pipeline: Pick<Pipeline, 'task' | 'labels' | 'data' | 'model'>;
  readonly thresholds: Readonly<Record<string, number>>;
  /** The rows: a prepared test table. */
  readonly table: string;
  readonly folds: readonly number[];
  /** The folder of a fold's exported model. */
  readonly modelOf: (fold: number) => string | Promise<string>;
  readonly threads: number;
  readonly signal: AbortSignal;
  /** The tables that are to be written: labels decided by the thresholds, and probabilities. */
  readonly output: { readonly submission?: string; readonly predictions?: string };
  /** Told after each fold's model how many have scored the rows. */
  readonly onScored?: (models: number) => void;
}

type EnsembleServices = Pick<Services, 'predictor' | 'tables' | 'slots' | 'scratch'>;

/**
 * Predicts rows by the mean of all folds' models: those of a run's test table and those of any other.
 *
 * @throws InputFault for a label without a threshold
 */
export async function predictRows(
  services: EnsembleServices,
  request: EnsembleRequest,
): Promise<{ readonly rows: number }> {
  const { pipeline, table, folds, modelOf, threads, signal, output, onScored } = request;
  const { task, labels, data, model } = pipeline;
  const thresholds = thresholdsOf(labels, request.thresholds);
  const options = { maxLength: model.maxLength, threads, signal };
  const names = folds.map((fold) => `probabilities-${fold}`);
  let scored = 0;
  return withScratch(services, names, async (paths) => {
    await concurrently(folds, services.slots, async (fold) => {
      const scores = paths[`probabilities-${fold}`]!;
      await services.predictor.predict(await modelOf(fold), { table, output: scores }, options);
      onScored?.(++scored);
    });
    const models = names.map((name) => paths[name]!);
    const submission = {
      test: table,
      models,
      id: idColumn(data),
      task,
      ...(data.target === undefined ? {} : { target: data.target }),
      labels,
      thresholds,
      output,
    };
    return services.tables.run('submit', submission, signal);
  });
}

function thresholdsOf(labels: readonly string[], thresholds: EnsembleRequest['thresholds']): number[] {
  return labels.map((label) => {
    const threshold = Object.hasOwn(thresholds, label) ? thresholds[label] : undefined;
    if (threshold !== undefined) return threshold;
    throw new InputFault({
      where: 'the thresholds',
      what: `there is none for the label ${JSON.stringify(label)}`,
      found: Object.keys(thresholds).slice(0, 20).join(', '),
      expected: 'one for each label of the pipeline',
    });
  });
}
