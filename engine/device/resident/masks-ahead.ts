import { setImmediate as breathe } from 'node:timers/promises';
import type { Value, View } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import { DropoutMasks, type DrawnMask } from '../dropout-masks.js';
import type { DropoutMask } from '../training-state.js';
import { maskMemory, type MaskMemory } from './mask-memory.js';

/** The masks of one run, on the device: a byte for each entry, whether it is kept. */
export interface PreparedMasks {
  /** By the names of the inputs. */
  readonly values: Readonly<Record<string, Value>>;
  release(): void;
}

/** Masks of the run after one, as far as is known. */
export type Ahead = () => readonly DropoutMask[];

/**
 * Draws the dropout masks of a run on the processor while the run before it computes, and copies them to the device
 * when that has ended: what the host does between two runs is what a device waits for.
 */
export class MasksAhead {
  private readonly masks: DropoutMasks;
  private readonly memory: MaskMemory;
  private ahead: { readonly of: string; readonly drawn: readonly DrawnMask[] } | null = null;

  /** @param view of the device, where it has views */
  constructor(
    device: Device,
    { threads, view }: { readonly threads: number; readonly view: View | null },
    mostBytes?: number,
  ) {
    this.masks = new DropoutMasks(threads, mostBytes);
    this.memory = maskMemory(device, view);
  }

  /** Has those of the next run drawn, and no others. */
  async prepare(masks: readonly DropoutMask[]): Promise<void> {
    this.ahead = null;
    // Drawing keeps this thread: the run before it is to have begun.
    await breathe();
    this.ahead = { of: identityOf(masks), drawn: await this.masks.flags(masks) };
  }

  /**
   * Those that were prepared, where they are these; else they are drawn now. The caller releases them before others are
   * taken.
   */
  async take(masks: readonly DropoutMask[]): Promise<PreparedMasks> {
    const { ahead } = this;
    this.ahead = null;
    const isAhead = ahead?.of === identityOf(masks);
    return this.memory.hold(isAhead ? ahead.drawn : await this.masks.flags(masks));
  }

  async close(): Promise<void> {
    this.ahead = null;
    this.memory.release();
    await this.masks.close();
  }
}

/** All that decides the masks. */
function identityOf(masks: readonly DropoutMask[]): string {
  return JSON.stringify(masks);
}
