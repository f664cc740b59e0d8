import { automatic, type OneDevice } from '../../engine/device/choice.js';
import { processor, type CardFacts, type DeviceName } from '../../engine/device/device.js';
import { precisionOn } from '../../engine/precision/choice.js';
import type { ComputePrecision } from '../../engine/precision/precision.js';
import { mostOnCard, type CardEstimate } from '../../engine/training/card-estimate.js';
import { trainedCard, type TrainedCard } from '../../engine/training/card-need.js';
import { scratchModel } from '../../engine/training/scratch-model.js';
import type { PlannedStep } from '../../pipeline/dag.js';
import type { Cell } from '../../pipeline/matrix.js';
import { modelUse, type Pipeline } from '../../pipeline/pipeline.js';
import type { UsableDevice } from '../../worker/devices/probe.js';
import { usableDevices } from '../../worker/devices/usable.js';
import { openEngine } from '../../worker/services.js';
import {
  startedDevice,
  triedDevice,
  type ListedDevice,
  type TriedDevice,
} from '../devices/listed-devices.js';
import type { Workdir } from '../workdir.js';
import { folderOf, judgeMembers, sampledFold, type OfMember } from './fold-estimates.js';

/** The device that a plan is for, as it was found. */
export interface PlannedDevice extends TriedDevice {
  readonly name: DeviceName;
  /** What it computes on, as far as that is told. */
  readonly card: CardFacts | null;
}

/** What folds need of a device that was asked for. */
export interface DevicePlan extends ListedDevice {
  /** What `auto`, or the pipeline's own word, is there. */
  readonly precision: ComputePrecision;
  /** Queues that folds wait on. */
  readonly queues: readonly string[];
  /** Of a card's memory; none of the processor. */
  readonly folds: readonly (CardEstimate & OfMember)[];
}

/**
 * Looks whether it starts. Where it is left open, it is the first that folds would have here.
 *
 * @param onMessage told what was passed over
 */
export async function plannedDevice(
  choice: OneDevice,
  onMessage: (message: string) => void,
): Promise<PlannedDevice> {
  if (choice !== automatic) {
    const tried = await triedDevice(choice);
    return { name: choice, card: tried.usable?.card ?? null, ...tried };
  }
  const [usable] = (await usableDevices(automatic, { onMessage })) as [UsableDevice];
  const { name, card } = usable;
  return { name, card, usable, listed: startedDevice(usable) };
}

/** Counts what folds need there. It starts nothing. @throws InputFault where not even one text fits the card */
export async function planOnDevice(
  planned: PlannedDevice,
  pipeline: Pipeline,
  {
    rows,
    steps,
    cells,
    workdir,
  }: {
    readonly rows: number;
    readonly steps: readonly PlannedStep[];
    readonly cells: readonly Cell[];
    readonly workdir: Workdir;
  },
): Promise<DevicePlan> {
  const queues = steps.filter(({ step }) => step.run === 'trainFold').map(({ step }) => step.queue);
  const folds =
    planned.name === processor
      ? []
      : await judgeMembers(pipeline, cells, async (member) => {
          const card = trainedCard(planned, member.training.precision);
          return card === null ? null : onCard(member, card, rows, workdir);
        });
  const precision = precisionOn(planned.name, pipeline.training.precision);
  return { ...planned.listed, precision, queues: [...new Set(queues)], folds };
}

async function onCard(
  member: Pipeline,
  card: TrainedCard,
  rows: number,
  workdir: Workdir,
): Promise<CardEstimate | null> {
  const { model, labels, training } = member;
  const { scratch } = model;
  if (scratch !== undefined) {
    const use = modelUse(model);
    const { classifier } = scratchModel(scratch, use.maxLength, labels.length, use.pooling);
    return mostOnCard(classifier, use, training, scratch.vocabulary, card);
  }
  const folder = await folderOf(member, workdir);
  if (folder === null) return null;
  return openEngine(workdir.path).estimateOnCard(folder, {
    ...(await sampledFold(member, rows, workdir)),
    card,
  });
}
