import type { Device } from '../device.js';
import type { LossScaleMemory } from '../loss-scale-memory.js';
import type { Program } from '../program.js';
import { Sessions } from '../sessions.js';
import { TensorScope } from '../tensor-scope.js';
import type { StepBatch, StepResult, StepSettings, TrainingOptions } from '../training-state.js';
import { averageProgram } from './average-program.js';
import { GradientPasses } from './gradient-passes.js';
import { ProgramUpdate } from './program-update.js';
import type { Ahead } from './run-masks.js';
import type { StateUpdate } from './state-update.js';
import type { StepCard, StepTensors } from './step-tensors.js';
import { nextOf } from './update-program.js';

/**
 * The steps of a training, all of whose arrays stay on the device: a run for the gradients of each batch, one that adds
 * them up where there are several, and one that updates. Each writes other tensors than it reads, so that a step whose
 * results are not wanted has changed nothing.
 */
export class TrainingStep {
  private readonly average: Program;

  private constructor(
    private readonly device: Device,
    private readonly sessions: Sessions,
    private readonly tensors: StepTensors,
    private readonly passes: GradientPasses,
    private readonly update: StateUpdate,
    private readonly lossScale: LossScaleMemory | null,
  ) {
    this.average = averageProgram(tensors.packing.packs);
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
    const update =
      card.kernels === null
        ? await ProgramUpdate.create(device, tensors, options, lossScale !== null)
        : await card.kernels.update(tensors, options);
    return new TrainingStep(device, sessions, tensors, passes, update, lossScale);
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
    await this.update.run(gradients, settings, scale);
    const norm = await this.update.norm();
    const loss = await this.passes.loss('plain', batches);
    const other = perturbed ? await this.passes.loss('perturbed', batches) : loss;
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
    this.update.release();
    await this.passes.close();
  }
}
