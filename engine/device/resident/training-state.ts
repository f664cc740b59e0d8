import { elementCount } from '../../runtime/elements.js';
import type { Value } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import { LossScaleMemory } from '../loss-scale-memory.js';
import { StateGuard } from '../state-guard.js';
import {
  lossScaleArray,
  lossScaleEntries,
  type StateArray,
  type StateEntry,
  type StepBatch,
  type StepResult,
  type StepSettings,
  type TrainingOptions,
  type TrainingState,
} from '../training-state.js';
import { HostCopies } from './host-copies.js';
import { MembersApart } from './members-apart.js';
import { Packing } from './packing.js';
import { ResidentTensors } from './resident-tensors.js';
import type { Ahead } from './run-masks.js';
import type { StepCard, StepTensors } from './step-tensors.js';
import { TrainingStep } from './training-step.js';
import { TwoSets } from './two-sets.js';
import { stateInput } from './update-program.js';

/** A training whose arrays lie on the device, packed: what is read of it is downloaded. */
export class ResidentTrainingState implements TrainingState {
  private readonly guard = new StateGuard();
  private readonly host: HostCopies;
  private readonly apart: MembersApart;

  private constructor(
    private readonly device: Device,
    { mostOutputs }: StepCard,
    readonly entries: readonly StateEntry[],
    private readonly tensors: StepTensors,
    private readonly lossScale: LossScaleMemory | null,
    private readonly training: TrainingStep,
  ) {
    this.host = new HostCopies(device);
    this.apart = new MembersApart(device, tensors.packing.packs, mostOutputs);
  }

  static async allocate(
    device: Device,
    card: StepCard,
    options: TrainingOptions,
  ): Promise<ResidentTrainingState> {
    const resident = new ResidentTensors(device);
    try {
      return await ResidentTrainingState.allocateIn(resident, device, card, options);
    } catch (fault) {
      resident.release();
      throw fault;
    }
  }

  private static async allocateIn(
    resident: ResidentTensors,
    device: Device,
    card: StepCard,
    options: TrainingOptions,
  ): Promise<ResidentTrainingState> {
    const { parameters } = options.program;
    const moved = ['weights', 'firstMoment', 'secondMoment'] as const;
    const averages = options.averaged ? (['average'] as const) : [];
    const arrays: readonly StateArray[] = [...moved, ...averages];
    const ofParameters = parameters.flatMap(({ name, shape, group }) =>
      group.trained ? arrays.map((array) => ({ array, parameter: name, shape })) : [],
    );
    const packing = Packing.of(options.program, card.packSizes);
    const still = parameters.filter(({ group }) => !group.trained);
    const packed = (of: readonly StateArray[]): Promise<TwoSets> => {
      const shapes = packing.packs.flatMap(({ name, shape }) =>
        of.map((array) => [stateInput(array, name), shape] as const),
      );
      return TwoSets.allocate(resident, new Map(shapes));
    };
    const [state, ofAverages] = [await packed(moved), await packed(averages)];
    const frozen = await resident.named(new Map(still.map(({ name, shape }) => [name, shape])));
    const tensors = { state, averages: ofAverages, packing, frozen, resident };
    const begun = [state.current, ofAverages.current, Object.fromEntries(frozen)];
    for (const value of begun.flatMap((values) => Object.values(values))) await empty(device, value);
    const lossScale = options.lossScale === null ? null : new LossScaleMemory(options.lossScale);
    const training = await TrainingStep.create(device, card, tensors, lossScale, options);
    const entries = [...ofParameters, ...(lossScale === null ? [] : lossScaleEntries)];
    return new ResidentTrainingState(device, card, entries, tensors, lossScale, training);
  }

  has(array: StateArray, parameter: string): boolean {
    return this.scaleOf(array, parameter) !== undefined || this.find(array, parameter) !== undefined;
  }

  async read(array: StateArray, parameter: string): Promise<Float32Array> {
    this.guard.reading();
    const scale = this.scaleOf(array, parameter);
    if (scale !== undefined) return scale.slice();
    const { value, from, to, isWhole } = this.place(array, parameter);
    if (isWhole) return (await this.device.download(value)) as Float32Array;
    return this.host.with(array, value, (data) => ({ result: data.subarray(from, to), changed: false }));
  }

  async write(array: StateArray, parameter: string, values: Float32Array): Promise<void> {
    this.guard.changing();
    const scale = this.scaleOf(array, parameter);
    const place = scale === undefined ? this.place(array, parameter) : null;
    const length = place === null ? 1 : place.to - place.from;
    if (values.length !== length)
      throw new RangeError(`${array} of '${parameter}' has ${length} values, not ${values.length}`);
    if (place === null) return scale!.set(values);
    const { value, from, isWhole } = place;
    if (isWhole) return this.device.upload(values, value);
    this.apart.drop();
    const taken = values.slice();
    await this.host.with(array, value, (data) => ({ result: data.set(taken, from), changed: true }));
  }

  snapshot<T>(work: () => Promise<T>): Promise<T> {
    return this.guard.snapshot(work);
  }

  async tensor(array: StateArray, parameter: string): Promise<Value> {
    this.guard.opened();
    const { value, isWhole } = this.place(array, parameter);
    if (isWhole) return value;
    await this.host.flush();
    const { state, averages } = this.tensors;
    const sets = array === 'average' ? averages : state;
    const apart = await this.apart.of(array, ({ name }) => sets.get(stateInput(array, name))!);
    return apart.get(parameter)!;
  }

  step(
    batches: readonly StepBatch[],
    settings: StepSettings,
    stop?: AbortSignal,
    ahead?: Ahead,
  ): Promise<StepResult> {
    return this.guard.step(stop, async () => {
      await this.host.flush();
      const result = await this.training.run(batches, settings, stop, ahead);
      this.host.drop();
      this.apart.drop();
      return result;
    });
  }

  async close(): Promise<void> {
    if (!this.guard.close()) return;
    await this.training.close();
    this.apart.release();
    this.host.drop();
    this.tensors.resident.release();
  }

  /** What the host holds: the scale of the next step's loss is a number that it feeds. */
  private scaleOf(array: StateArray, part: string): Float32Array | undefined {
    return array === lossScaleArray ? this.lossScale?.of(part) : undefined;
  }

  private find(array: StateArray, parameter: string): Located | undefined {
    const { state, averages, packing, frozen } = this.tensors;
    const still = array === 'weights' ? frozen.get(parameter) : undefined;
    if (still !== undefined) return { value: still, from: 0, to: elementCount(still.shape), isWhole: true };
    const place = packing.placeOf(parameter);
    const sets = array === 'average' ? averages : state;
    const value = place && sets.get(stateInput(array, place.pack.name));
    return value && { ...place, value, isWhole: place.pack.members.length === 1 };
  }

  private place(array: StateArray, parameter: string): Located {
    const place = this.find(array, parameter);
    if (place === undefined) throw new RangeError(`there is no ${array} of '${parameter}'`);
    return place;
  }
}

/** Where an array of a parameter is. */
interface Located {
  readonly value: Value;
  readonly from: number;
  readonly to: number;
  /** Whether nothing else lies there. */
  readonly isWhole: boolean;
}

async function empty(device: Device, value: Value): Promise<void> {
  await device.upload(new Float32Array(elementCount(value.shape)), value);
}
