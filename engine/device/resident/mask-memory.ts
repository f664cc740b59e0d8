import { Arena } from '../../kernels/arena.js';
import type { Value, View } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import type { DrawnMask } from '../dropout-masks.js';
import { SLACK } from '../scratch.js';
import type { PreparedMasks } from './masks-ahead.js';
import { ResidentTensors } from './resident-tensors.js';

type MaskDevice = Pick<Device, 'allocate' | 'tensor' | 'upload'>;

/** Where the masks of a run lie on a device. */
export interface MaskMemory {
  /** Copies masks there: they may be drawn anew when this has ended. Those held before are to be released. */
  hold(drawn: readonly DrawnMask[]): Promise<PreparedMasks>;
  release(): void;
}

/** @param view of the device, where it has views */
export function maskMemory(device: MaskDevice, view: View | null): MaskMemory {
  return view === null ? new MasksApart(device) : new MaskSlab(device, view);
}

/** A tensor for each mask of each run. */
class MasksApart implements MaskMemory {
  constructor(private readonly device: MaskDevice) {}

  async hold(drawn: readonly DrawnMask[]): Promise<PreparedMasks> {
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

  release(): void {
    // Each run's are its own.
  }
}

/**
 * One tensor that all masks are parts of, as they lie in the host's memory: a copy takes them there. Masks of the same
 * shapes lie at the same addresses each time, until there are some that need more room.
 */
class MaskSlab implements MaskMemory {
  private slab: Value | null = null;

  constructor(
    private readonly device: MaskDevice,
    private readonly view: View,
  ) {}

  async hold(drawn: readonly DrawnMask[]): Promise<PreparedMasks> {
    if (drawn.length === 0) return { values: {}, release: () => undefined };
    const { places, bytes } = layout(drawn);
    const slab = await this.ofRoom(bytes);
    for (const { data, at } of stretches(places)) {
      const target = this.view(slab, 'bool', [data.length], at);
      try {
        await this.device.upload(data, target);
      } finally {
        target.release();
      }
    }
    const views: Value[] = [];
    const release = (): void => views.splice(0).forEach((value) => value.release());
    try {
      const values: Record<string, Value> = {};
      for (const { mask, at } of places) {
        const value = this.view(slab, mask.type, mask.shape, at);
        views.push(value);
        values[mask.name] = value;
      }
      return { values, release };
    } catch (fault) {
      release();
      throw fault;
    }
  }

  release(): void {
    this.slab?.release();
    this.slab = null;
  }

  private async ofRoom(bytes: number): Promise<Value> {
    const room = this.slab?.shape[0] ?? 0;
    if (this.slab !== null && bytes <= room) return this.slab;
    this.release();
    this.slab = await this.device.allocate('bool', [Math.ceil(bytes * SLACK)]);
    return this.slab;
  }
}

interface Place {
  readonly mask: DrawnMask;
  /** Its first byte. */
  readonly at: number;
}

/** One mask after the other, as far apart as the host has them: it follows from their shapes alone. */
function layout(drawn: readonly DrawnMask[]): { readonly places: readonly Place[]; readonly bytes: number } {
  let bytes = 0;
  const places = drawn.map((mask) => {
    const at = bytes;
    bytes += Arena.bytesFor(mask.data.length / Float32Array.BYTES_PER_ELEMENT);
    return { mask, at };
  });
  return { places, bytes };
}

interface Stretch {
  readonly data: Uint8Array;
  readonly at: number;
}

/** What lies on the host as it is to lie on the device, as one each. */
function stretches(places: readonly Place[]): Stretch[] {
  const found: Stretch[] = [];
  for (const { mask, at } of places) {
    const last = found.at(-1);
    const { buffer, byteOffset, length } = mask.data;
    if (last?.data.buffer === buffer && byteOffset - last.data.byteOffset === at - last.at) {
      const data = new Uint8Array(buffer, last.data.byteOffset, at - last.at + length);
      found[found.length - 1] = { data, at: last.at };
    } else found.push({ data: mask.data, at });
  }
  return found;
}
