import {
  findModel,
  resolveModel,
  type DownloadProgress,
  type ResolvedModel,
} from '../../engine/checkpoint/hub.js';
import type { TrainedCard } from '../../engine/training/card-need.js';
import { scratchModel } from '../../engine/training/scratch-model.js';
import { checkTraining, optionsOfModel } from '../../engine/training/trained-model.js';
import { membersOf } from '../../pipeline/members.js';
import { modelUse, type Pipeline } from '../../pipeline/pipeline.js';
import { DownloadPace, type DownloadView } from '../../worker/download-progress.js';
import { thisMachine } from '../../worker/machine.js';
import { openEngine } from '../../worker/services.js';
import type { Workdir } from '../workdir.js';

export interface ModelCheck {
  readonly workdir: Workdir;
  /** Told how a download goes; null where a model of the hub that is not in the cache is not looked at. */
  readonly onDownload: ((view: DownloadView) => void) | null;
  /** The card that a member is to be trained on. Default: none, but this machine's processor. */
  readonly cardOf?: (member: Pipeline) => TrainedCard | null;
}

/**
 * Opens the checkpoint of each member as every fold of it will, and counts whether its steps can be had.
 *
 * @returns what whoever trains from them should know
 * @throws a Fault for one that is not there, does not fit, or cannot be fetched
 */
export async function checkModel(pipeline: Pipeline, check: ModelCheck): Promise<readonly string[]> {
  const told: string[] = [];
  const seen = new Set<string>();
  for (const { pipeline: member } of membersOf(pipeline)) {
    const alike = JSON.stringify([member.model, optionsOfModel(member.training)]);
    if (!seen.has(alike)) told.push(...(await checkMember(member, check)));
    seen.add(alike);
  }
  return [...new Set(told)];
}

async function checkMember(member: Pipeline, check: ModelCheck): Promise<readonly string[]> {
  const { model, labels, training } = member;
  const card = check.cardOf?.(member) ?? null;
  const { checkpoint, scratch } = model;
  const use = modelUse(model);
  if (scratch !== undefined) {
    const { classifier } = scratchModel(scratch, use.maxLength, labels.length, use.pooling);
    return checkTraining(classifier, use, training, thisMachine().bytes, card);
  }
  const found = checkpoint === undefined ? undefined : await locate(checkpoint, check);
  if (found === undefined) return [];
  const { folder } = found;
  return openEngine(check.workdir.path).check(folder, { labels, model: use, training, card });
}

async function locate(
  checkpoint: string,
  { workdir, onDownload }: ModelCheck,
): Promise<ResolvedModel | undefined> {
  const baseDirectory = workdir.state;
  if (onDownload === null) return findModel(checkpoint, { baseDirectory });
  const pace = new DownloadPace(checkpoint);
  const onProgress = (progress: DownloadProgress): void => onDownload(pace.view(progress));
  return resolveModel(checkpoint, { baseDirectory, onProgress });
}
