import type { LossScale } from '../../optim/loss-scale.js';
import type { Value } from '../../runtime/runtime.js';
import type { StepSettings, TrainingOptions } from '../training-state.js';
import type { StepTensors } from './step-tensors.js';

/**
 * What moves the state of a training by the gradients of a step: clips their norm, steps AdamW (Loshchilov & Hutter
 * 2019, algorithm 2), then moves the average. What comes of a norm that is not finite is not to be used.
 */
export interface StateUpdate {
  /**
   * Leaves the state as it is to be in the sets that do not hold, averages included: the device may still be at it.
   *
   * @param gradients of packs, by `gradientOf`, with the loss scale
   */
  run(
    gradients: Readonly<Record<string, Value>>,
    settings: StepSettings,
    lossScale: LossScale | null,
  ): Promise<void>;

  /** Of all gradients of the last run, before clipping, without the loss scale. */
  norm(): Promise<number>;

  release(): void;
}

/** Of a training. */
export type UpdateOptions = Pick<TrainingOptions, 'optimizer' | 'averaged' | 'compiling'>;

/** What of the device an update needs. */
export type UpdateTensors = Pick<StepTensors, 'packing' | 'state' | 'averages' | 'resident'>;

/** How many updates there are with this one: what was skipped for a loss scale is none. @param ofStep counted over all */
export function updateNumber(ofStep: number, lossScale: LossScale | null): number {
  return lossScale === null ? ofStep : lossScale.updates + 1;
}
