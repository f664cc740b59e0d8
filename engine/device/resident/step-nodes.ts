import type { Device } from '../device.js';
import type { Program } from '../program.js';
import type { TrainingProgram } from '../training-program.js';
import type { TrainingOptions } from '../training-state.js';
import { gradientProgram } from './gradient-program.js';
import { Packing } from './packing.js';
import type { StepCard } from './step-tensors.js';
import { sumProgram } from './sum-program.js';
import { UpdateProgram } from './update-program.js';

/** Nodes that the device runs in each part of a step, by operator (`launchesOf`). */
export interface StepNodes {
  /** Of a batch, forward and backward. */
  readonly gradients: ReadonlyMap<string, number>;
  /** That add the gradients of a batch to those of the batches before it, where a step has several. */
  readonly sum: ReadonlyMap<string, number>;
  /** By kernel where a card has its own. */
  readonly update: ReadonlyMap<string, number>;
}

/** Compiles what a step runs, without a state. @param card whose it is */
export async function stepNodes(
  device: Pick<Device, 'compile'>,
  program: TrainingProgram,
  { optimizer, averaged, lossScale }: Pick<TrainingOptions, 'optimizer' | 'averaged' | 'lossScale'>,
  { mostOutputs, packSizes, kernels }: Pick<StepCard, 'mostOutputs' | 'packSizes' | 'kernels'>,
): Promise<StepNodes> {
  const packing = Packing.of(program, packSizes);
  const nodesOf = async (part: Program): Promise<ReadonlyMap<string, number>> => {
    const session = await device.compile(part);
    session.release();
    return session.nodes;
  };
  return {
    gradients: await nodesOf(gradientProgram(program, packing, mostOutputs)),
    sum: await nodesOf(sumProgram(packing.packs, false)),
    update:
      kernels?.launchesOfUpdate(packing.packs) ??
      (await nodesOf(new UpdateProgram(packing.packs, optimizer, averaged, lossScale !== null).program)),
  };
}
