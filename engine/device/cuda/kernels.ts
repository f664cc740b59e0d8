import { readFileSync } from 'node:fs';
import type { Address } from '../../runtime/native.js';
import type { Value, View } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import type { CardKernels } from '../resident/card-kernels.js';
import { MaskSlab } from '../resident/mask-slab.js';
import type { Pack } from '../resident/packing.js';
import type { RunMasks } from '../resident/run-masks.js';
import type { StateUpdate, UpdateOptions, UpdateTensors } from '../resident/state-update.js';
import { CardContext, type Kernel } from './card-context.js';
import { KernelMasks } from './kernel-masks.js';
import { KernelUpdate, launchesOfUpdate, type UpdateKernels } from './kernel-update.js';

/** What tells a card of CUDA apart, and where its tensors lie. */
export interface KernelCard {
  /** In CUDA's numbers. */
  readonly number: number;
  readonly addressOf: (value: Value) => Address;
  /** The driver's; default: what the system's loader knows. */
  readonly library?: string;
}

/** The kernels of a card of CUDA, which are loaded when a training first asks for them. */
export class CudaKernels implements CardKernels {
  private opened:
    { readonly context: CardContext; readonly update: UpdateKernels; readonly masks: Kernel } | undefined;

  constructor(private readonly card: KernelCard) {}

  get launched(): number {
    return this.opened?.context.launched ?? 0;
  }

  update(tensors: UpdateTensors, options: UpdateOptions): Promise<StateUpdate> {
    const { context, update } = this.open();
    return KernelUpdate.create(context, update, this.card.addressOf, tensors, options);
  }

  masks(device: Pick<Device, 'allocate'>, view: View): RunMasks {
    const { context, masks } = this.open();
    return new KernelMasks(context, masks, this.card.addressOf, new MaskSlab(device, view));
  }

  launchesOfUpdate(packs: readonly Pack[]): ReadonlyMap<string, number> {
    return launchesOfUpdate(packs);
  }

  private open(): NonNullable<CudaKernels['opened']> {
    if (this.opened !== undefined) return this.opened;
    const { number, library } = this.card;
    const context = CardContext.open(number, library);
    const [norm, step] = [context.load(ptx('gradient-norm')), context.load(ptx('adamw'))];
    const update = {
      squares: norm('squares'),
      partialSums: norm('partialSums'),
      clip: norm('clip'),
      adamw: step('adamw'),
    };
    const masks = context.load(ptx('dropout'))('dropoutMasks');
    return (this.opened = { context, update, masks });
  }
}

/** As it is committed beside its source. */
function ptx(name: string): string {
  return readFileSync(new URL(`./kernels/${name}.ptx`, import.meta.url), 'utf8');
}
