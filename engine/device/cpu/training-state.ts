import type { Tensor } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import { StateGuard } from '../state-guard.js';
import { TensorScope } from '../tensor-scope.js';
import type { OptimizedParameter } from '../training-program.js';
import { lossScaleArray, lossScaleEntries } from '../training-state.js';
import type {
  StateArray,
  StateEntry,
  StepBatch,
  StepResult,
  StepSettings,
  TrainingOptions,
  TrainingState,
} from '../training-state.js';
import { extraArrays } from './extra-arrays.js';
import { LossScaleMemory } from '../loss-scale-memory.js';
import { ParameterMemory } from './parameter-memory.js';
import { rowScratchOf } from './row-gradients.js';
import { TrainingStep } from './training-step.js';

const ARRAYS = ['weights', 'firstMoment', 'secondMoment', 'average'] as const satisfies readonly StateArray[];

/** A training in memory that kernels and ONNX Runtime share: what is read of it are views. */
export class CpuTrainingState implements TrainingState {
  readonly entries: readonly StateEntry[];
  private readonly guard = new StateGuard();
  private readonly lasting: TensorScope;
  private readonly tensors = new Map<string, Tensor>();

  private constructor(
    private readonly parameters: ReadonlyMap<string, OptimizedParameter>,
    private readonly memory: ParameterMemory,
    private readonly lossScale: LossScaleMemory | null,
    private readonly training: TrainingStep,
    device: Pick<Device, 'tensor'>,
  ) {
    this.lasting = new TensorScope(device);
    const ofParameters = [...parameters.values()].flatMap(({ name, shape, group }) =>
      group.trained
        ? ARRAYS.filter((array) => this.has(array, name)).map((array) => ({ array, parameter: name, shape }))
        : [],
    );
    this.entries = [...ofParameters, ...(lossScale === null ? [] : lossScaleEntries)];
  }

  static async allocate(
    device: Pick<Device, 'compile' | 'tensor'>,
    threads: number,
    options: TrainingOptions,
  ): Promise<CpuTrainingState> {
    const { mostRows, mostBytes } = options;
    const { parameters, tables: lookedUp } = options.program;
    const tables = new Set(lookedUp.map(({ name }) => name));
    const isTable = ({ name }: { readonly name: string }): number => Number(tables.has(name));
    const memory = await ParameterMemory.allocate(
      [...parameters].sort((a, b) => isTable(b) - isTable(a)),
      {
        threads,
        tables,
        scratch: rowScratchOf(lookedUp, mostRows),
        extra: extraArrays(options),
        ...(mostBytes === undefined ? {} : { mostBytes }),
      },
    );
    const lossScale = options.lossScale === null ? null : new LossScaleMemory(options.lossScale);
    const training = new TrainingStep(device, threads, memory, options, lossScale);
    const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
    return new CpuTrainingState(byName, memory, lossScale, training, device);
  }

  has(array: StateArray, parameter: string): boolean {
    return this.find(array, parameter) !== undefined;
  }

  async read(array: StateArray, parameter: string): Promise<Float32Array> {
    this.guard.reading();
    return Promise.resolve(this.view(array, parameter));
  }

  async write(array: StateArray, parameter: string, values: Float32Array): Promise<void> {
    this.guard.changing();
    const view = this.view(array, parameter);
    if (values.length !== view.length)
      throw new RangeError(`${array} of '${parameter}' has ${view.length} values, not ${values.length}`);
    view.set(values);
    return Promise.resolve();
  }

  snapshot<T>(work: () => Promise<T>): Promise<T> {
    return this.guard.snapshot(work);
  }

  async tensor(array: StateArray, parameter: string): Promise<Tensor> {
    this.guard.opened();
    const key = `${array}/${parameter}`;
    let tensor = this.tensors.get(key);
    if (tensor === undefined) {
      const shape = this.parameters.get(parameter)?.shape ?? [];
      tensor = this.lasting.float(shape, this.view(array, parameter));
      this.tensors.set(key, tensor);
    }
    return Promise.resolve(tensor);
  }

  step(batches: readonly StepBatch[], settings: StepSettings, stop?: AbortSignal): Promise<StepResult> {
    return this.guard.step(stop, () => this.training.run(batches, settings, stop));
  }

  async close(): Promise<void> {
    if (!this.guard.close()) return;
    this.lasting.release();
    await this.training.close();
    await this.memory.close();
  }

  private find(array: StateArray, parameter: string): Float32Array | undefined {
    if (array === lossScaleArray) return this.lossScale?.of(parameter);
    const isTrained = this.parameters.get(parameter)?.group.trained ?? false;
    return isTrained || array === 'weights' ? this.memory.of(parameter)[array] : undefined;
  }

  private view(array: StateArray, parameter: string): Float32Array {
    const view = this.find(array, parameter);
    if (view === undefined) throw new RangeError(`there is no ${array} of '${parameter}'`);
    return view;
  }
}
