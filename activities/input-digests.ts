import { kindOfDevice } from '../engine/device/device.js';
import { namedCell } from '../pipeline/matrix.js';
import { checkpointsOf } from '../pipeline/members.js';
import { precisionOn } from '../engine/precision/choice.js';
import { engineSignature as anyEngine, signatureIn } from '../engine/training/signature.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { RunSettings } from './contracts.js';
import type { OutOfFold, TrainedCell } from './outputs.js';
import { anyDevice } from './devices.js';
import { fileDigests, folderDigest } from './file-digests.js';
import { tableUses } from './table-uses.js';
import { requireModelFilesReadable, requireModelReadable } from './roots.js';
import type { Services } from './services.js';
import type { TableFiles } from './table-files.js';

/** What is needed to know the bytes that a step would read. */
export interface DigestServices extends Pick<Services, 'models' | 'engineSignature' | 'roots'> {
  readonly tableFiles: Pick<TableFiles, 'digest'>;
}

export async function tableDigests({ tableFiles }: DigestServices, { data }: Pipeline): Promise<object> {
  const train = await tableFiles.digest(data.train, tableUses.train);
  if (data.test === undefined) return { train };
  return { train, test: await tableFiles.digest(data.test, tableUses.test) };
}

/** What computes: other bits may come of another. */
export function engineOf(
  { engineSignature }: Pick<DigestServices, 'engineSignature'>,
  { device, threads }: RunSettings,
): { device: string; engine: string } {
  // Which card of several alike it was is of no concern: what they are is in the engine's signature.
  if (device === anyDevice) return { device, engine: anyEngine(device) };
  return { device: kindOfDevice(device), engine: engineSignature(threads, device) };
}

/** The model's files and the engine: what a fold's bits depend on besides rows and settings. */
export async function trainingDigests(
  services: DigestServices,
  { model, training }: Pipeline,
  settings: RunSettings,
): Promise<object> {
  const { device, engine } = engineOf(services, settings);
  const digest = await modelDigest(services, model.checkpoint);
  // What `auto` is differs by device; of what is said the training's settings tell.
  if (device === anyDevice) return { model: digest, device, engine };
  return { model: digest, device, engine: signatureIn(precisionOn(device, training.precision), engine) };
}

async function modelDigest(services: DigestServices, checkpoint: string | undefined): Promise<string | null> {
  if (checkpoint === undefined) return null;
  return folderDigest((await digestedModel(services, checkpoint)).digests);
}

/** Of the models that a pipeline's members train from, in the order of the members. */
export async function checkpointDigests(services: DigestServices, pipeline: Pipeline): Promise<string[]> {
  const digests: string[] = [];
  for (const checkpoint of checkpointsOf(pipeline))
    digests.push(folderDigest((await digestedModel(services, checkpoint)).digests));
  return digests;
}

/** The local folder of a checkpoint, and the SHA-256 of each file of it that is read. */
export async function digestedModel(
  { models, roots }: DigestServices,
  checkpoint: string,
): Promise<{ readonly folder: string; readonly digests: Readonly<Record<string, string>> }> {
  await requireModelReadable(checkpoint, roots);
  const { folder, files } = await models.locate(checkpoint);
  await requireModelFilesReadable(folder, files, roots);
  return { folder, digests: await fileDigests(folder, files) };
}

export function predictionDigests(cell: TrainedCell): unknown {
  const { rows, probabilities } = cell;
  return { ...namedCell(cell), rows: rows.sha256, probabilities: probabilities.sha256 };
}

/** What an ensemble is judged by. */
export function ensembleDigests({ members, ...others }: NonNullable<OutOfFold['ensemble']>): unknown {
  return {
    ...others,
    members: members.map(({ id, skippedFolds, probabilities }) => ({
      id,
      skippedFolds,
      probabilities: probabilities.sha256,
    })),
  };
}

/** With what each was judged in, which decides what it scores in. */
export function modelDigests(cell: TrainedCell): unknown {
  const { precision } = cell;
  return {
    ...namedCell(cell),
    ...(precision === undefined ? {} : { precision }),
    model: Object.fromEntries(Object.entries(cell.model).map(([name, { sha256 }]) => [name, sha256])),
  };
}
