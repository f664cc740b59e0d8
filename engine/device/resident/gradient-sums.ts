import type { Value } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import type { Program } from '../program.js';
import type { Sessions } from '../sessions.js';
import { TensorScope } from '../tensor-scope.js';
import type { OptimizedParameter } from '../training-program.js';
import { gradientOf } from './gradient-program.js';
import type { ResidentTensors } from './resident-tensors.js';
import { batchOf, shareInput, sumOf, sumProgram } from './sum-program.js';
import { TwoSets } from './two-sets.js';

type Named = Readonly<Record<string, Value>>;

/** The gradients of all batches of a step so far. */
export class GradientSums {
  private readonly programs: Readonly<Record<'first' | 'further', Program>>;

  private constructor(
    private readonly device: Pick<Device, 'tensor'>,
    private readonly sessions: Sessions,
    parameters: readonly OptimizedParameter[],
    private readonly sums: TwoSets,
  ) {
    this.programs = { first: sumProgram(parameters, true), further: sumProgram(parameters, false) };
  }

  /** @param parameters those that are trained, or packs of them */
  static async allocate(
    device: Pick<Device, 'tensor'>,
    sessions: Sessions,
    parameters: readonly OptimizedParameter[],
    resident: ResidentTensors,
  ): Promise<GradientSums> {
    const shapes = new Map(parameters.map(({ name, shape }) => [gradientOf(name), shape]));
    return new GradientSums(device, sessions, parameters, await TwoSets.allocate(resident, shapes));
  }

  /** By `gradientOf`. */
  get current(): Named {
    return this.sums.current;
  }

  /** Adds the gradients of a batch, by its share. @param isFirst whether there are none before it */
  async add(gradients: Named, share: number, isFirst: boolean): Promise<void> {
    const { sums } = this;
    const session = await this.sessions.of(this.programs[isFirst ? 'first' : 'further']);
    const ofBatch = Object.entries(gradients).map(([name, value]) => [batchOf(name), value] as const);
    await TensorScope.during(this.device, (scope) =>
      session.run(
        {
          ...Object.fromEntries(ofBatch),
          ...(isFirst ? {} : sums.current),
          ...scope.numbers({ [shareInput]: share }),
        },
        sums.next(sumOf),
      ),
    );
    sums.turn();
  }
}
