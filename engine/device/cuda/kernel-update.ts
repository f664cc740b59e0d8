import { ADAMW, adamwFactors, clippingOffset, rootCorrection2 } from '../../optim/adamw.js';
import type { LossScale } from '../../optim/loss-scale.js';
import { ratesOf } from '../../optim/parameter-groups.js';
import type { Address } from '../../runtime/native.js';
import type { Value } from '../../runtime/runtime.js';
import { gradientOf } from '../resident/gradient-program.js';
import type { Pack } from '../resident/packing.js';
import {
  updateNumber,
  type StateUpdate,
  type UpdateOptions,
  type UpdateTensors,
} from '../resident/state-update.js';
import { stateInput } from '../resident/update-program.js';
import type { StateArray, StepSettings } from '../training-state.js';
import type { CardContext, Kernel } from './card-context.js';
import { double, floats, int, pointer } from './kernel-arguments.js';
import { bytesOfNorm, squaring, sumCounts, sumsOfThread } from './norm-sums.js';
import { packsOfLaunch, packTable, type PackArrays, type PackOfLaunch } from './pack-table.js';

/** Of kernels/gradient-norm.cu and kernels/adamw.cu. */
export type UpdateKernels = Readonly<Record<'squares' | 'partialSums' | 'clip' | 'adamw', Kernel>>;

const one = { blocks: 1, threadsOfBlock: 1 } as const;

/** An update by kernels: the squares of all gradients, their sum, and all else in one pass over the parameters. */
export class KernelUpdate implements StateUpdate {
  private readonly addresses: ReturnType<typeof addressesIn>;

  private constructor(
    private readonly context: CardContext,
    private readonly kernels: UpdateKernels,
    private readonly addressOf: (value: Value) => Address,
    private readonly tensors: UpdateTensors,
    private readonly options: UpdateOptions,
    room: Value,
  ) {
    this.addresses = addressesIn(addressOf(room));
  }

  static async create(
    context: CardContext,
    kernels: UpdateKernels,
    addressOf: (value: Value) => Address,
    tensors: UpdateTensors,
    options: UpdateOptions,
  ): Promise<KernelUpdate> {
    // Of float64, which no tensor is of.
    const room = await tensors.resident.allocate([bytesOfNorm / Float32Array.BYTES_PER_ELEMENT]);
    return new KernelUpdate(context, kernels, addressOf, tensors, options, room);
  }

  run(
    gradients: Readonly<Record<string, Value>>,
    settings: StepSettings,
    lossScale: LossScale | null,
  ): Promise<void> {
    const number = updateNumber(settings.number, lossScale);
    const tables = chunks(this.tensors.packing.packs).map((packs) => ({
      table: packTable(
        packs.map((pack) => this.ofLaunch(pack, gradients, settings.learningRate, number)),
        this.addressOf,
      ),
      count: int(packs.length),
    }));
    const { sums, norm, factor } = this.addresses;
    for (const [place, { table, count }] of tables.entries())
      this.launch('squares', squaring, [table, count, int(place === 0 ? 1 : 0), pointer(sums[0]!)]);
    for (const [round, count] of sumCounts.entries())
      if (round > 0)
        this.launch('partialSums', { blocks: count / sumsOfThread, threadsOfBlock: sumsOfThread }, [
          ...[pointer(sums[round - 1]!), int(sumsOfThread), pointer(sums[round]!)],
        ]);
    const { maxGradNorm } = this.options.optimizer;
    this.launch('clip', one, [
      ...[pointer(sums.at(-1)!), int(sumCounts.at(-1)!), double(lossScale?.scale ?? 1)],
      ...[double(maxGradNorm), double(clippingOffset), pointer(norm), pointer(factor)],
    ]);
    const numbers = floats(adamwNumbers(number, settings.averageShare ?? 0));
    for (const { table, count } of tables)
      this.launch('adamw', squaring, [table, count, pointer(factor), numbers]);
    return Promise.resolve();
  }

  async norm(): Promise<number> {
    await this.context.wait();
    const found = new Float64Array(1);
    this.context.read(this.addresses.norm, found);
    return found[0]!;
  }

  release(): void {
    // Its tensors are the training's.
  }

  private launch(
    name: keyof UpdateKernels,
    grid: Parameters<CardContext['launch']>[1],
    args: ArrayBufferView[],
  ): void {
    this.context.launch(this.kernels[name], grid, args);
  }

  private ofLaunch(
    { name, group }: Pack,
    gradients: Readonly<Record<string, Value>>,
    learningRate: number,
    number: number,
  ): PackOfLaunch {
    const { state, averages } = this.tensors;
    const input = (array: StateArray): string => stateInput(array, name);
    const arrays: PackArrays = {
      gradient: gradients[gradientOf(name)]!,
      weights: state.get(input('weights'))!,
      firstMoment: state.get(input('firstMoment'))!,
      secondMoment: state.get(input('secondMoment'))!,
      average: averages.get(input('average')),
      nextWeights: state.written(input('weights'))!,
      nextFirstMoment: state.written(input('firstMoment'))!,
      nextSecondMoment: state.written(input('secondMoment'))!,
      nextAverage: averages.written(input('average')),
    };
    const rates = ratesOf(group, learningRate, this.options.optimizer.weightDecay);
    return { arrays, factors: adamwFactors(rates, number) };
  }
}

/** Launches of an update, by kernel. */
export function launchesOfUpdate(packs: readonly Pack[]): ReadonlyMap<string, number> {
  const ofPacks = Math.ceil(packs.length / packsOfLaunch);
  return new Map([
    ['squares', ofPacks],
    ['partialSums', sumCounts.length - 1],
    ['clip', 1],
    ['adamw', ofPacks],
  ]);
}

/** As kernels/adamw.cu has them. */
function adamwNumbers(number: number, share: number): readonly number[] {
  const { beta1, beta2, epsilon } = ADAMW;
  return [1 - beta1, beta2, 1 - beta2, rootCorrection2(number), epsilon, share, 1 - share];
}

function chunks(packs: readonly Pack[]): Pack[][] {
  return Array.from({ length: Math.ceil(packs.length / packsOfLaunch) }, (_, place) =>
    packs.slice(place * packsOfLaunch, (place + 1) * packsOfLaunch),
  );
}

/** Where the sums of each round, the norm and the factor lie in the room for them. */
function addressesIn(room: Address): {
  readonly sums: readonly Address[];
  readonly norm: Address;
  readonly factor: Address;
} {
  let at = room;
  const take = (count: number): Address => {
    const taken = at;
    at += BigInt(count * Float64Array.BYTES_PER_ELEMENT);
    return taken;
  };
  return { sums: sumCounts.map(take), norm: take(1), factor: take(1) };
}
