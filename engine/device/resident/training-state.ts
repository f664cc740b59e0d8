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
import { ResidentTensors } from './resident-tensors.js';
import { TrainingStep, type StepTensors } from './training-step.js';
import { TwoSets } from './two-sets.js';
import { stateInput } from './update-program.js';

/** A training whose arrays lie on the device: what is read of it is downloaded. */
export class ResidentTrainingState implements TrainingState {
  private readonly guard = new StateGuard();

  private constructor(
    private readonly device: Device,
    readonly entries: readonly StateEntry[],
    private readonly tensors: StepTensors,
    private readonly training: TrainingStep,
  ) {}

  /**
   * @param threads of the processor, which draws the dropout masks
   * @throws InputFault for options that it does not have
   */
  static async allocate(
    device: Device,
    threads: number,
    options: TrainingOptions,
  ): Promise<ResidentTrainingState> {
    verifyOptions(device, options);
    const resident = new ResidentTensors(device);
    try {
      return await ResidentTrainingState.allocateIn(resident, device, threads, options);
    } catch (fault) {
      resident.release();
      throw fault;
    }
  }

  private static async allocateIn(
    resident: ResidentTensors,
    device: Device,
    threads: number,
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
    const still = parameters.filter(({ group }) => !group.trained);
    const state = await TwoSets.allocate(
      resident,
      new Map(entries.map(({ array, parameter, shape }) => [stateInput(array, parameter), shape])),
    );
    const frozen = await resident.named(new Map(still.map(({ name, shape }) => [name, shape])));
    const tensors = { state, frozen, resident };
    const training = await TrainingStep.create(device, threads, tensors, options);
    const made = new ResidentTrainingState(device, entries, tensors, training);
    for (const { array, parameter } of entries) await made.empty(array, parameter);
    for (const { name } of still) await made.empty('weights', name);
    return made;
  }

  has(array: StateArray, parameter: string): boolean {
    return this.find(array, parameter) !== undefined;
  }

  async read(array: StateArray, parameter: string): Promise<Float32Array> {
    this.guard.reading();
    return (await this.device.download(this.value(array, parameter))) as Float32Array;
  }

  async write(array: StateArray, parameter: string, values: Float32Array): Promise<void> {
    this.guard.changing();
    const value = this.value(array, parameter);
    const length = elementCount(value.shape);
    if (values.length !== length)
      throw new RangeError(`${array} of '${parameter}' has ${length} values, not ${values.length}`);
    await this.device.upload(values, value);
  }

  snapshot<T>(work: () => Promise<T>): Promise<T> {
    return this.guard.snapshot(work);
  }

  tensor(array: StateArray, parameter: string): Value {
    this.guard.opened();
    return this.value(array, parameter);
  }

  step(batches: readonly StepBatch[], settings: StepSettings, stop?: AbortSignal): Promise<StepResult> {
    return this.guard.step(stop, () => this.training.run(batches, settings, stop));
  }

  async close(): Promise<void> {
    if (!this.guard.close()) return;
    await this.training.close();
    this.tensors.resident.release();
  }

  private async empty(array: StateArray, parameter: string): Promise<void> {
    const value = this.value(array, parameter);
    await this.device.upload(new Float32Array(elementCount(value.shape)), value);
  }

  private find(array: StateArray, parameter: string): Value | undefined {
    const { state, frozen } = this.tensors;
    const still = array === 'weights' ? frozen.get(parameter) : undefined;
    return still ?? state.get(stateInput(array, parameter));
  }

  private value(array: StateArray, parameter: string): Value {
    const value = this.find(array, parameter);
    if (value === undefined) throw new RangeError(`there is no ${array} of '${parameter}'`);
    return value;
  }
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
