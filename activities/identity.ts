import type { ActivityName, Pipeline } from '../pipeline/pipeline.js';
import { keyParameters, stepKey } from '../pipeline/keys.js';
import type { Dataset, OutOfFold, RunSettings, Thresholds, TrainedFold } from './contracts.js';
import { folderDigest, inputDigest } from './file-digests.js';
import { localPathOf, requireReadable } from './roots.js';
import type { Services } from './services.js';

/** Raised when an activity's results change. */
const versions: Readonly<Record<ActivityName, number>> = {
  prepareData: 1,
  trainFold: 1,
  aggregateOof: 1,
  tuneThresholds: 2,
  predictEnsemble: 1,
  writeReport: 1,
};

/** One step, or one fold of it, with what it reads. */
export interface Occasion {
  readonly run: string;
  readonly pipeline: Pipeline;
  readonly settings: RunSettings;
  readonly inputs: unknown;
  readonly fold?: number;
}

interface AnyInputs {
  readonly data: Dataset;
  readonly fold: readonly TrainedFold[];
  readonly oof: OutOfFold;
  readonly thresholds: Thresholds;
}

type KeyServices = Pick<Services, 'models' | 'engineSignature' | 'roots'>;

/**
 * The key of a step. Activities compute it themselves when they start: a file may have changed since
 * the look-up, and the worker may have another engine.
 */
export async function keyOf(
  services: KeyServices,
  activity: ActivityName,
  occasion: Occasion,
): Promise<string> {
  return stepKey({
    activity,
    version: versions[activity],
    parameters: keyParameters(activity, occasion.pipeline),
    inputs: await inputDigests(services, activity, occasion),
  });
}

async function inputDigests(
  services: KeyServices,
  activity: ActivityName,
  occasion: Occasion,
): Promise<unknown> {
  const { data, fold, oof, thresholds } = occasion.inputs as AnyInputs;
  switch (activity) {
    case 'prepareData':
      return tableDigests(services, occasion.pipeline);
    case 'trainFold':
      return { table: data.table.sha256, ...(await trainingDigests(services, occasion)) };
    case 'aggregateOof':
      return { table: data.table.sha256, ids: data.trainIds.sha256, folds: fold.map(predictionDigests) };
    case 'tuneThresholds':
      return { table: data.table.sha256, probabilities: oof.probabilities.sha256 };
    case 'predictEnsemble':
      return { test: data.test?.sha256, folds: fold.map(modelDigests), thresholds: thresholds.thresholds };
    case 'writeReport':
      // It tells of this run: of its seconds, its attempts and what it reused.
      return { run: occasion.run };
  }
}

async function tableDigests({ roots }: KeyServices, { data }: Pipeline): Promise<unknown> {
  const digest = async (location: string, where: string): Promise<string> => {
    const path = localPathOf(location, where);
    await requireReadable(path, roots, where);
    return inputDigest(path);
  };
  const train = await digest(data.train, 'data.train');
  return data.test === undefined ? { train } : { train, test: await digest(data.test, 'data.test') };
}

async function trainingDigests(
  services: KeyServices,
  { pipeline, settings, fold }: Occasion,
): Promise<object> {
  return {
    fold,
    model: await modelDigest(services, pipeline.model.checkpoint),
    device: settings.device,
    engine: services.engineSignature(settings.threads),
  };
}

async function modelDigest(
  { models, roots }: KeyServices,
  checkpoint: string | undefined,
): Promise<string | null> {
  if (checkpoint === undefined) return null;
  await requireModelReadable(checkpoint, roots);
  const { folder, files } = await models.locate(checkpoint);
  return folderDigest(folder, files);
}

/** Names of the hub are let through: they are fetched into the user's cache. */
export async function requireModelReadable(
  checkpoint: string,
  roots: readonly string[] | null,
): Promise<void> {
  if (/^(?:[\\/]|[A-Za-z]:[\\/])/.test(checkpoint))
    await requireReadable(checkpoint, roots, 'model.checkpoint');
}

function predictionDigests({ fold, rows, probabilities }: TrainedFold): unknown {
  return { fold, rows: rows.sha256, probabilities: probabilities.sha256 };
}

function modelDigests({ fold, model }: TrainedFold): unknown {
  return {
    fold,
    model: Object.fromEntries(Object.entries(model).map(([name, { sha256 }]) => [name, sha256])),
  };
}
