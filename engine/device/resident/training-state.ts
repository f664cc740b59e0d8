import { InputFault } from '../../../errors/fault.js';
import { elementCount } from '../../runtime/elements.js';
import type { Value } from '../../runtime/runtime.js';
import { processor, type Device } from '../device.js';
import { StateGuard } from '../state-guard.js';
import type {
  StateArray,
  StateEntry,
  StepBatch,
  StepResult,
  StepSettings,
  TrainingOptions,
  TrainingState,
} from '../training-state.js';
import { HostCopies } from './host-copies.js';
import { MembersApart } from './members-apart.js';
import { Packing } from './packing.js';
import { ResidentTensors } from './resident-tensors.js';
import { TrainingStep, type StepCard, type StepTensors } from './training-step.js';
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
    private readonly training: TrainingStep,
  ) {
    this.host = new HostCopies(device);
    this.apart = new MembersApart(device, tensors.packing.packs, mostOutputs);
  }

  /** @throws InputFault for options that it does not have */
  static async allocate(
    device: Device,
    card: StepCard,
    options: TrainingOptions,
  ): Promise<ResidentTrainingState> {
    verifyOptions(device, options);
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
    const arrays: readonly StateArray[] = [
      ...(['weights', 'firstMoment', 'secondMoment'] as const),
      ...(options.averaged ? (['average'] as const) : []),
    ];
    const entries = parameters.flatMap(({ name, shape, group }) =>
      group.trained ? arrays.map((array) => ({ array, parameter: name, shape })) : [],
    );
    const packing = new Packing(parameters.filter(({ group }) => group.trained));
    const still = parameters.filter(({ group }) => !group.trained);
    const packed = packing.packs.flatMap(({ name, shape }) =>
      arrays.map((array) => [stateInput(array, name), shape] as const),
    );
    const state = await TwoSets.allocate(resident, new Map(packed));
    const frozen = await resident.named(new Map(still.map(({ name, shape }) => [name, shape])));
    const tensors = { state, packing, frozen, resident };
    for (const value of [...Object.values(state.current), ...frozen.values()]) await empty(device, value);
    const training = await TrainingStep.create(device, card, tensors, options);
    return new ResidentTrainingState(device, card, entries, tensors, training);
  }

  has(array: StateArray, parameter: string): boolean {
    return this.find(array, parameter) !== undefined;
  }

  async read(array: StateArray, parameter: string): Promise<Float32Array> {
    this.guard.reading();
    const { value, from, to, isWhole } = this.place(array, parameter);
    if (isWhole) return (await this.device.download(value)) as Float32Array;
    return this.host.with(array, value, (data) => ({ result: data.subarray(from, to), changed: false }));
  }

  async write(array: StateArray, parameter: string, values: Float32Array): Promise<void> {
    this.guard.changing();
    const { value, from, to, isWhole } = this.place(array, parameter);
    if (values.length !== to - from)
      throw new RangeError(`${array} of '${parameter}' has ${to - from} values, not ${values.length}`);
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
    const apart = await this.apart.of(array, ({ name }) => this.tensors.state.get(stateInput(array, name))!);
    return apart.get(parameter)!;
  }

  step(batches: readonly StepBatch[], settings: StepSettings, stop?: AbortSignal): Promise<StepResult> {
    return this.guard.step(stop, async () => {
      await this.host.flush();
      const result = await this.training.run(batches, settings, stop);
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

  private find(array: StateArray, parameter: string): Located | undefined {
    const { state, packing, frozen } = this.tensors;
    const still = array === 'weights' ? frozen.get(parameter) : undefined;
    if (still !== undefined) return { value: still, from: 0, to: elementCount(still.shape), isWhole: true };
    const place = packing.placeOf(parameter);
    const value = place && state.get(stateInput(array, place.pack.name));
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

function verifyOptions({ name }: Device, { perturbation: { fgm, awp }, lossScale }: TrainingOptions): void {
  if (lossScale !== null)
    throw new InputFault({
      where: 'training.precision',
      what: `a training on ${name} has no loss scale`,
      remedy: 'Train in float32.',
    });
  if (fgm === 0 && awp === null) return;
  throw new InputFault({
    where: awp === null ? 'training.fgm' : 'training.awp',
    what: `a training on ${name} perturbs no weights`,
    remedy: `Leave it out, or train on ${processor}.`,
  });
}
