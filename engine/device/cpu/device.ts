import { openRuntime } from '../../runtime/open.js';
import { RuntimeFault } from '../../runtime/fault.js';
import type { ElementArray, ElementType, Session, Tensor, Value } from '../../runtime/runtime.js';
import { hasAlikeRuns, processor, type CompileOptions, type Device } from '../device.js';
import { verifyFits, zeros } from '../element-arrays.js';
import { modelBytes, type Program } from '../program.js';
import type { TrainingOptions, TrainingState } from '../training-state.js';
import { withHalfKernels } from './half-kernels.js';
import { cpuSignature } from './signature.js';

/** The processor: every array is the host's. */
export class CpuDevice implements Device {
  readonly name = processor;
  readonly signature: string;
  readonly card = null;
  readonly kernelLaunches = 0;
  readonly alikeRuns = hasAlikeRuns(processor);
  private released = false;
  private readonly runtime = openRuntime();

  /** @param threads of each run, and of each kernel */
  constructor(private readonly threads: number) {
    this.signature = cpuSignature(this.runtime.version, threads);
  }

  get live(): Readonly<{ sessions: number; values: number }> {
    return this.runtime.live;
  }

  async compile(program: Program, options: CompileOptions = {}): Promise<Session> {
    this.opened();
    return this.runtime.createSession(modelBytes(withHalfKernels(program)), {
      ...options,
      threads: this.threads,
    });
  }

  tensor(type: ElementType, shape: readonly number[], data: ElementArray): Tensor {
    this.opened();
    return this.runtime.tensor(type, shape, data);
  }

  async allocate(type: ElementType, shape: readonly number[]): Promise<Value> {
    return Promise.resolve(this.tensor(type, shape, zeros({ type, shape })));
  }

  async upload(data: ElementArray, to: Value): Promise<void> {
    this.opened();
    const { data: target } = hostTensor(to);
    verifyFits(data, to);
    (target as { set(values: ArrayLike<unknown>): void }).set(data);
    return Promise.resolve();
  }

  async download(from: Value): Promise<ElementArray> {
    this.opened();
    return Promise.resolve(hostTensor(from).data.slice());
  }

  async train(options: TrainingOptions): Promise<TrainingState> {
    this.opened();
    // Who scores does not load what trains.
    const { CpuTrainingState } = await import('./training-state.js');
    return CpuTrainingState.allocate(this, this.threads, options);
  }

  release(): void {
    this.released = true;
  }

  private opened(): void {
    if (this.released) throw new RuntimeFault({ where: `device ${this.name}`, what: 'it has been released' });
  }
}

/** @throws RuntimeFault for a tensor of another device */
function hostTensor(value: Value): Tensor {
  if ('data' in value) return value as Tensor;
  throw new RuntimeFault({ where: `device ${processor}`, what: 'the tensor lies on another device' });
}
