import { setImmediate as breathe } from 'node:timers/promises';
import type { Value } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import { DropoutMasks, type DrawnMask } from '../dropout-masks.js';
import type { DropoutMask } from '../training-state.js';
import { ResidentTensors } from './resident-tensors.js';
import type { PreparedMasks, RunMasks } from './run-masks.js';

type MaskDevice = Pick<Device, 'allocate' | 'upload'>;

/**
 * Draws the dropout masks of a run on the processor while the run before it computes, and copies them to the device
 * when that has ended: what the host does between two runs is what a device waits for.
 */
export class MasksAhead implements RunMasks {
  private readonly masks: DropoutMasks;
  private ahead: { readonly of: string; readonly drawn: readonly DrawnMask[] } | null = null;

  /** @param threads of the processor */
  constructor(
    private readonly device: MaskDevice,
    threads: number,
    mostBytes?: number,
  ) {
    this.masks = new DropoutMasks(threads, mostBytes);
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
    return this.hold(isAhead ? ahead.drawn : await this.masks.flags(masks));
  }

  async close(): Promise<void> {
    this.ahead = null;
    await this.masks.close();
  }

  /** A tensor for each. They may be drawn anew when this has ended. */
  private async hold(drawn: readonly DrawnMask[]): Promise<PreparedMasks> {
    const resident = new ResidentTensors(this.device);
    const values: Record<string, Value> = {};
    try {
      for (const { name, type, shape, data } of drawn) {
        const value = await resident.allocate(shape, type);
        await this.device.upload(data, value);
        values[name] = value;
      }
    } catch (fault) {
      resident.release();
      throw fault;
    }
    return { values, release: () => resident.release() };
  }
}

/** All that decides the masks. */
function identityOf(masks: readonly DropoutMask[]): string {
  return JSON.stringify(masks);
}
