import { RuntimeFault } from '../../runtime/fault.js';
import { openRuntime } from '../../runtime/open.js';
import type { ElementArray, ElementType, Provider, Session, Tensor, Value } from '../../runtime/runtime.js';
import { webGpu, type CompileOptions, type Device } from '../device.js';
import { verifyFits, zeros } from '../element-arrays.js';
import type { Program } from '../program.js';
import type { TrainingOptions, TrainingState } from '../training-state.js';
import { lowered } from './lowered.js';

/** A card, by the driver that the machine has for it. What is constant in a program lies on it once it is compiled. */
export class WebGpuDevice implements Device {
  readonly name = webGpu;
  readonly signature: string;
  private released = false;

  private constructor(
    private readonly runtime: ReturnType<typeof openRuntime>,
    private readonly provider: Provider,
    private readonly threads: number,
  ) {
    this.signature = `onnxruntime ${runtime.version}, ${webGpu}`;
  }

  /**
   * @param threads of what is the processor's: sizes, and the draws of dropout
   * @throws EnvironmentFault where no device starts
   */
  static async start(threads: number): Promise<WebGpuDevice> {
    const runtime = openRuntime();
    return new WebGpuDevice(runtime, await runtime.provider('webgpu'), threads);
  }

  get live(): Readonly<{ sessions: number; values: number }> {
    return this.runtime.live;
  }

  async compile(program: Program, options: CompileOptions = {}): Promise<Session> {
    this.opened();
    const { model, onProcessor } = lowered(program);
    const on = { provider: this.provider, onProcessor };
    return this.runtime.createSession(model, { ...options, threads: this.threads, on });
  }

  tensor(type: ElementType, shape: readonly number[], data: ElementArray): Tensor {
    this.opened();
    return this.runtime.tensor(type, shape, data);
  }

  async allocate(type: ElementType, shape: readonly number[]): Promise<Value> {
    this.opened();
    return this.provider.allocate(type, shape);
  }

  async upload(data: ElementArray, to: Value): Promise<void> {
    this.opened();
    verifyFits(data, to);
    await this.onHost(data, to, (host) => this.provider.copy([[host, to]]));
  }

  async download(from: Value): Promise<ElementArray> {
    this.opened();
    const data = zeros(from);
    await this.onHost(data, from, (host) => this.provider.copy([[from, host]]));
    return data;
  }

  async train(options: TrainingOptions): Promise<TrainingState> {
    this.opened();
    // Who scores does not load what trains.
    const { WebGpuTrainingState } = await import('./training-state.js');
    return WebGpuTrainingState.allocate(this, this.threads, options);
  }

  release(): void {
    this.released = true;
  }

  /** A tensor over the array, of another one's type and shape, for the time of `work`. */
  private async onHost(
    data: ElementArray,
    { type, shape }: Value,
    work: (host: Tensor) => Promise<void>,
  ): Promise<void> {
    const host = this.runtime.tensor(type, shape, data);
    try {
      await work(host);
    } finally {
      host.release();
    }
  }

  private opened(): void {
    if (this.released) throw new RuntimeFault({ where: `device ${this.name}`, what: 'it has been released' });
  }
}
