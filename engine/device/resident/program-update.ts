import type { LossScale } from '../../optim/loss-scale.js';
import type { Value } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import { Sessions } from '../sessions.js';
import { TensorScope } from '../tensor-scope.js';
import type { StepSettings } from '../training-state.js';
import type { StateUpdate, UpdateOptions, UpdateTensors } from './state-update.js';
import { nextOf, normOutput, scalar, UpdateProgram } from './update-program.js';

/** An update by a program that the device compiles. */
export class ProgramUpdate implements StateUpdate {
  private constructor(
    private readonly device: Device,
    private readonly sessions: Sessions,
    private readonly program: UpdateProgram,
    private readonly tensors: UpdateTensors,
    private readonly ofNorm: Value,
  ) {}

  /** @param scaled whether the gradients have a loss scale */
  static async create(
    device: Device,
    tensors: UpdateTensors,
    { optimizer, averaged, compiling }: UpdateOptions,
    scaled: boolean,
  ): Promise<ProgramUpdate> {
    const program = new UpdateProgram(tensors.packing.packs, optimizer, averaged, scaled);
    const sessions = new Sessions(device, { repeated: true }, compiling);
    const norm = await tensors.resident.allocate(scalar);
    return new ProgramUpdate(device, sessions, program, tensors, norm);
  }

  async run(
    gradients: Readonly<Record<string, Value>>,
    settings: StepSettings,
    lossScale: LossScale | null,
  ): Promise<void> {
    const { state, averages } = this.tensors;
    const session = await this.sessions.of(this.program.program);
    await TensorScope.during(this.device, (scope) =>
      session.run(
        {
          ...gradients,
          ...state.current,
          ...averages.current,
          ...scope.numbers(this.program.numbers(settings, lossScale)),
        },
        { ...state.next(nextOf), ...averages.next(nextOf), [normOutput]: this.ofNorm },
      ),
    );
  }

  async norm(): Promise<number> {
    return ((await this.device.download(this.ofNorm)) as Float32Array)[0]!;
  }

  release(): void {
    this.sessions.release();
  }
}
