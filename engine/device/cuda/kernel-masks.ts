import { dropThreshold } from '../../kernels/kernels.js';
import { elementCount } from '../../runtime/elements.js';
import type { Address } from '../../runtime/native.js';
import type { Value } from '../../runtime/runtime.js';
import type { MaskSlab, PlacedMask } from '../resident/mask-slab.js';
import type { PreparedMasks, RunMasks } from '../resident/run-masks.js';
import type { DropoutMask } from '../training-state.js';
import type { CardContext, Kernel } from './card-context.js';
import { int } from './kernel-arguments.js';

/** As in kernels/masks.cuh. */
export const masksOfLaunch = 96;
const bytesOfMask = 40;

/** Enough for any card; a mask has the same draws by more or fewer. */
const grid = { blocks: 1024, threadsOfBlock: 256 } as const;

/** Masks that a card draws where they are to lie, when a run begins. */
export class KernelMasks implements RunMasks {
  constructor(
    private readonly context: CardContext,
    private readonly kernel: Kernel,
    private readonly addressOf: (value: Value) => Address,
    private readonly slab: MaskSlab,
  ) {}

  prepare(): Promise<void> {
    // Drawing takes less than a turn of the host.
    return Promise.resolve();
  }

  async take(masks: readonly DropoutMask[]): Promise<PreparedMasks> {
    const placed = await this.slab.place(masks);
    const { places, values } = placed;
    try {
      for (let first = 0; first < places.length; first += masksOfLaunch) {
        const some = places.slice(first, first + masksOfLaunch);
        this.context.launch(this.kernel, grid, [maskTable(some, this.addressOf), int(some.length)]);
      }
      await this.context.wait();
      return { values, release: () => placed.release() };
    } catch (fault) {
      placed.release();
      throw fault;
    }
  }

  close(): Promise<void> {
    this.slab.release();
    return Promise.resolve();
  }
}

/** Masks as an argument of a launch, which is as long for fewer. */
function maskTable(places: readonly PlacedMask[], addressOf: (value: Value) => Address): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(bytesOfMask * masksOfLaunch));
  const view = new DataView(bytes.buffer);
  for (const [place, { mask, value }] of places.entries()) {
    const at = place * bytesOfMask;
    view.setBigUint64(at, addressOf(value), true);
    view.setBigUint64(at + 8, BigInt(elementCount(mask.shape)), true);
    const words = [dropThreshold(mask.probability), ...mask.key, ...mask.counter];
    words.forEach((word, i) => view.setUint32(at + 16 + 4 * i, word, true));
  }
  return bytes;
}
