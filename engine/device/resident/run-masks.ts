import type { Value } from '../../runtime/runtime.js';
import type { DropoutMask } from '../training-state.js';

/** The masks of one run, on the device: a byte for each entry, whether it is kept. */
export interface PreparedMasks {
  /** By the names of the inputs. */
  readonly values: Readonly<Record<string, Value>>;
  release(): void;
}

/** Masks of the run after one, as far as is known. */
export type Ahead = () => readonly DropoutMask[];

/** Where the runs of a training have their dropout masks from. */
export interface RunMasks {
  /** Called while a run is under way, with what is known of the next one's. */
  prepare(masks: readonly DropoutMask[]): Promise<void>;

  /** The caller releases them before others are taken. */
  take(masks: readonly DropoutMask[]): Promise<PreparedMasks>;

  close(): Promise<void>;
}
