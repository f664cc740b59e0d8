import {
  findModel,
  resolveModel,
  type DownloadProgress,
  type ResolvedModel,
} from '../../engine/checkpoint/hub.js';
import { kindOfDevice, processor, type Device } from '../../engine/device/device.js';
import { trainedCard, type TrainedCard } from '../../engine/training/card-need.js';
import { scratchModel } from '../../engine/training/scratch-model.js';
import { checkTraining, optionsOfModel } from '../../engine/training/trained-model.js';
import { membersOf } from '../../pipeline/members.js';
import { modelUse, type Pipeline } from '../../pipeline/pipeline.js';
import { DownloadPace, type DownloadView } from '../../worker/download-progress.js';
import { thisMachine } from '../../worker/machine.js';
import type { CheckedModel } from '../../worker/engine-request.js';
import { openEngine } from '../../worker/services.js';
import type { Workdir } from '../workdir.js';

export interface ModelCheck {
  readonly workdir: Workdir;
  /** Told how a download goes; null where a model of the hub that is not in the cache is not looked at. */
  readonly onDownload: ((view: DownloadView) => void) | null;
  /**
   * What folds may be trained on, each; null where workers elsewhere train them: what these have is not known here,
   * and they say themselves what is too much for them. Default: this machine's processor.
   */
  readonly devices?: readonly Pick<Device, 'name' | 'card'>[] | null;
}

/**
 * Opens the checkpoint of each member as every fold of it will, and counts whether its steps can be had.
 *
 * @returns of all together, the most tokens that one reads at once
 * @throws a Fault for one that is not there, does not fit, or cannot be fetched
 */
export async function checkModel(pipeline: Pipeline, check: ModelCheck): Promise<CheckedModel> {
  const checked: CheckedModel[] = [];
  const seen = new Set<string>();
  for (const { pipeline: member } of membersOf(pipeline)) {
    const alike = JSON.stringify([member.model, optionsOfModel(member.training)]);
    if (!seen.has(alike)) checked.push(await checkMember(member, check));
    seen.add(alike);
  }
  return together(checked);
}

function together(checked: readonly CheckedModel[]): CheckedModel {
  return {
    warnings: [...new Set(checked.flatMap(({ warnings }) => warnings))],
    longest: Math.max(...checked.map(({ longest }) => longest)),
  };
}

async function checkMember(member: Pipeline, check: ModelCheck): Promise<CheckedModel> {
  const { model, labels, training } = member;
  const cards = unlikeCards(member, check);
  const elsewhere = check.devices === null;
  const { checkpoint, scratch } = model;
  const use = modelUse(model);
  if (scratch !== undefined) {
    const { classifier } = scratchModel(scratch, use.maxLength, labels.length, use.pooling);
    const machineBytes = elsewhere ? Infinity : thisMachine().bytes;
    const warnings = cards.flatMap((card) => checkTraining(classifier, use, training, machineBytes, card));
    return { warnings, longest: use.maxLength };
  }
  const found = checkpoint === undefined ? undefined : await locate(checkpoint, check);
  if (found === undefined) return { warnings: [], longest: use.maxLength };
  const { folder } = found;
  const engine = openEngine(check.workdir.path);
  const checked: CheckedModel[] = [];
  for (const card of cards)
    checked.push(await engine.check(folder, { labels, model: use, training, card, elsewhere }));
  return together(checked);
}

/** What its steps have to fit, each once: null is no card. @throws InputFault as `trainedCard` */
function unlikeCards(
  { training }: Pipeline,
  { devices = [{ name: processor, card: null }] }: ModelCheck,
): (TrainedCard | null)[] {
  if (devices === null) return [null];
  const unlike = new Map<string, TrainedCard | null>();
  for (const device of devices) {
    const card = trainedCard(device, training.precision);
    const { memoryBytes, name } = card ?? {};
    const alike = JSON.stringify([kindOfDevice(device.name), name, memoryBytes]);
    if (!unlike.has(alike)) unlike.set(alike, card);
  }
  return [...unlike.values()];
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
