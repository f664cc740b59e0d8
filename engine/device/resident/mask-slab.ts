import { elementCount } from '../../runtime/elements.js';
import type { Value, View } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import { SLACK } from '../scratch.js';
import type { DropoutMask } from '../training-state.js';
import type { PreparedMasks } from './run-masks.js';

/** Where a mask lies. */
export interface PlacedMask {
  readonly mask: DropoutMask;
  readonly value: Value;
}

/** The masks of a run, with nothing in them yet. */
export interface PlacedMasks extends PreparedMasks {
  readonly places: readonly PlacedMask[];
}

/** Bytes, of which each mask begins at a multiple. */
const alignment = 64;

/** Bytes that a slab is allocated with for masks of so many entries, where it has too few. */
export function slabBytes(entries: readonly number[]): number {
  return Math.ceil(entries.reduce((bytes, count) => bytes + aligned(count), 0) * SLACK);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

/**
 * One tensor that all masks of a run are parts of. Masks of the same shapes lie at the same addresses each time, until
 * there are some that need more room.
 */
export class MaskSlab {
  private slab: Value | null = null;

  constructor(
    private readonly device: Pick<Device, 'allocate'>,
    private readonly view: View,
  ) {}

  async place(masks: readonly DropoutMask[]): Promise<PlacedMasks> {
    const places: PlacedMask[] = [];
    const release = (): void => places.splice(0).forEach(({ value }) => value.release());
    if (masks.length === 0) return { values: {}, places, release };
    const { starts, bytes } = layout(masks);
    const slab = await this.ofRoom(bytes, masks);
    try {
      for (const [place, mask] of masks.entries())
        places.push({ mask, value: this.view(slab, 'bool', mask.shape, starts[place]!) });
      return {
        values: Object.fromEntries(places.map(({ mask, value }) => [mask.name, value])),
        places,
        release,
      };
    } catch (fault) {
      release();
      throw fault;
    }
  }

  release(): void {
    this.slab?.release();
    this.slab = null;
  }

  private async ofRoom(bytes: number, masks: readonly DropoutMask[]): Promise<Value> {
    const room = this.slab?.shape[0] ?? 0;
    if (this.slab !== null && bytes <= room) return this.slab;
    this.release();
    this.slab = await this.device.allocate('bool', [
      slabBytes(masks.map(({ shape }) => elementCount(shape))),
    ]);
    return this.slab;
  }
}

/** One mask after the other: it follows from their shapes alone. */
function layout(masks: readonly DropoutMask[]): {
  readonly starts: readonly number[];
  readonly bytes: number;
} {
  let bytes = 0;
  const starts = masks.map(({ shape }) => {
    const start = bytes;
    bytes += aligned(elementCount(shape));
    return start;
  });
  return { starts, bytes };
}
