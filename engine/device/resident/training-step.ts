import type { LossScale } from '../../optim/loss-scale.js';
import type { Value } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import type { LossScaleMemory } from '../loss-scale-memory.js';
import type { Program } from '../program.js';
import { Sessions } from '../sessions.js';
import { TensorScope } from '../tensor-scope.js';
import type { StepBatch, StepResult, StepSettings, TrainingOptions } from '../training-state.js';
import { averageProgram } from './average-program.js';
import { GradientPasses } from './gradient-passes.js';
import type { Ahead } from './masks-ahead.js';
import type { StepCard, StepTensors } from './step-tensors.js';
import { nextOf, normOutput, scalar, UpdateProgram } from './update-program.js';

type Named = Readonly<Record<string, Value>>;

/**
 * The steps of a training, all of whose arrays stay on the device: a run for the gradients of each batch, one that adds
 * them up where there are several, and one that updates. Each writes other tensors than it reads, so that a step whose
 * results are not wanted has changed nothing.
 */
export class TrainingStep {
  private readonly update: UpdateProgram;
  private readonly average: Program;

  private constructor(
    private readonly device: Device,
    private readonly sessions: Sessions,
    private readonly tensors: StepTensors,
    private readonly passes: GradientPasses,
    private readonly norm: Value,
    private readonly lossScale: LossScaleMemory | null,
    { optimizer, averaged }: TrainingOptions,
  ) {
    const { packs } = tensors.packing;
    this.update = new UpdateProgram(packs, optimizer, averaged, lossScale !== null);
    this.average = averageProgram(packs);
  }

  static async create(
    device: Device,
    card: StepCard,
    tensors: StepTensors,
    lossScale: LossScaleMemory | null,
    options: TrainingOptions,
  ): Promise<TrainingStep> {
    const sessions = new Sessions(device, { repeated: true }, options.compiling);
    const passes = await GradientPasses.create(device, sessions, card, tensors, options);
    const norm = await tensors.resident.allocate(scalar);
    return new TrainingStep(device, sessions, tensors, passes, norm, lossScale, options);
  }

  /** Rejects without having changed the state where `stop` is aborted meanwhile. */
  async run(
    batches: readonly StepBatch[],
    settings: StepSettings,
    stop?: AbortSignal,
    ahead: Ahead = () => [],
  ): Promise<StepResult> {
    const scale = this.lossScale?.current ?? null;
    const { perturbed } = settings;
    const gradients = await this.passes.run(batches, perturbed, scale?.scale ?? null, ahead, stop);
    await this.move(gradients, settings, scale);
    const loss = await this.passes.loss('plain', batches);
    const other = perturbed ? await this.passes.loss('perturbed', batches) : loss;
    const norm = ((await this.device.download(this.norm)) as Float32Array)[0]!;
    stop?.throwIfAborted();
    const gradientNorm = Number.isFinite(loss) && Number.isFinite(other) ? norm : NaN;
    const skipped = !Number.isFinite(gradientNorm);
    const share = this.lossScale === null ? null : settings.averageShare;
    if (!skipped) {
      this.tensors.state.turn();
      this.tensors.averages.turn();
    } else if (share !== null && !this.tensors.averages.isEmpty) await this.moveAverages(share, stop);
    this.lossScale?.stepped(!skipped);
    return { loss, gradientNorm, skipped };
  }

  /** Leaves the norm, and the state as it is to be in the sets that do not hold. */
  private async move(gradients: Named, settings: StepSettings, scale: LossScale | null): Promise<void> {
    const { state, averages } = this.tensors;
    const session = await this.sessions.of(this.update.program);
    await TensorScope.during(this.device, (scope) =>
      session.run(
        {
          ...gradients,
          ...state.current,
          ...averages.current,
          ...scope.numbers(this.update.numbers(settings, scale)),
        },
        { ...state.next(nextOf), ...averages.next(nextOf), [normOutput]: this.norm },
      ),
    );
  }

  /** The averages alone, towards weights that stay. */
  private async moveAverages(share: number, stop?: AbortSignal): Promise<void> {
    const { state, averages } = this.tensors;
    const session = await this.sessions.of(this.average);
    const wanted = new Set(session.inputs);
    const weights = Object.entries(state.current).filter(([name]) => wanted.has(name));
    await TensorScope.during(this.device, (scope) =>
      session.run(
        {
          ...Object.fromEntries(weights),
          ...averages.current,
          ...scope.numbers({ averageShare: share, averageRest: 1 - share }),
        },
        averages.next(nextOf),
      ),
    );
    stop?.throwIfAborted();
    averages.turn();
  }

  async close(): Promise<void> {
    this.sessions.release();
    await this.passes.close();
  }
}
