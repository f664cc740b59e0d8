import type { Value, View } from '../../runtime/runtime.js';
import type { CardKernels } from './card-kernels.js';
import type { Packing, PackSizes } from './packing.js';
import type { ResidentTensors } from './resident-tensors.js';
import type { TwoSets } from './two-sets.js';

/** What steps ask of the card. */
export interface StepCard {
  /** Of the processor, which draws the dropout masks. */
  readonly threads: number;
  /** See `Card`. */
  readonly mostOutputs: number;
  readonly packSizes: PackSizes;
  readonly kernels: CardKernels | null;
  /** Of its provider's. */
  readonly view: View | null;
}

/** What of the device a training is. */
export interface StepTensors {
  readonly packing: Packing;
  /** Weights and moments of packs, by `stateInput`. */
  readonly state: TwoSets;
  /** Their averages, which may move where the weights do not; none where there is no average. */
  readonly averages: TwoSets;
  /** The weights of what is not trained, by name. */
  readonly frozen: ReadonlyMap<string, Value>;
  /** Takes what a step needs besides. */
  readonly resident: ResidentTensors;
}
