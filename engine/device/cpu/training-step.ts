import type { DropoutPass } from '../../kernels/random-draws.js';
import { joinsGradients } from '../../optim/perturbation.js';
import type { Tensor } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import { DropoutMasks } from '../dropout-masks.js';
import { Sessions } from '../sessions.js';
import { TensorScope } from '../tensor-scope.js';
import { lossScaleInput } from '../training-program.js';
import type { StepBatch, StepResult, StepSettings, TrainingOptions } from '../training-state.js';
import { addGradients, holdGradients } from './accumulation.js';
import { adamwStep } from './adamw-step.js';
import type { LossScaleMemory } from '../loss-scale-memory.js';
import { moveAverage } from './moving-average.js';
import type { ParameterMemory } from './parameter-memory.js';
import { perturb } from './perturb.js';
import { addRowGradients, placeRowGradients } from './row-gradients.js';

/** One pass of all batches of a step, forward and backward. */
interface Pass {
  readonly kind: DropoutPass;
  /** By the graph's names, with the loss scale where there is one. */
  readonly weights: Readonly<Record<string, Tensor>>;
  /** Whether its gradients are added to those of the pass before. */
  readonly joins: boolean;
}

/** The steps of a training: ONNX Runtime runs the graph, kernels do the rest in the same memory. */
export class TrainingStep {
  private readonly sessions: Sessions;
  private readonly masks: DropoutMasks;
  private readonly lasting: TensorScope;
  /** Feeds and fetches over the parameter memory, by the graph's names. */
  private readonly weights: Record<string, Tensor> = {};
  /** The same over the perturbed copies, of the parameters that have one. */
  private readonly perturbed: Record<string, Tensor> = {};
  private readonly gradients: Record<string, Tensor> = {};

  constructor(
    private readonly device: Pick<Device, 'compile' | 'tensor'>,
    threads: number,
    private readonly memory: ParameterMemory,
    private readonly options: TrainingOptions,
    private readonly lossScale: LossScaleMemory | null,
  ) {
    this.sessions = new Sessions(device, {}, options.compiling);
    this.masks = new DropoutMasks(threads, options.mostBytes);
    this.lasting = new TensorScope(device);
    for (const { name, shape, group } of options.program.parameters) {
      const { weights, perturbed, gradients } = memory.of(name);
      this.weights[name] = this.lasting.float(shape, weights);
      if (perturbed !== undefined) this.perturbed[name] = this.lasting.float(shape, perturbed);
      if (group.trained) this.gradients[name] = this.lasting.float(shape, gradients);
    }
    const scale = lossScale?.of('scale');
    if (scale !== undefined) this.weights[lossScaleInput] = this.lasting.float([], scale);
  }

  async run(
    batches: readonly StepBatch[],
    { learningRate, averageShare, perturbed, number }: StepSettings,
    stop?: AbortSignal,
  ): Promise<StepResult> {
    const loss = await this.pass(batches, { kind: 'plain', weights: this.weights, joins: false }, stop);
    const teaches =
      Number.isFinite(loss) && (!perturbed || Number.isFinite(await this.perturbedPass(batches, stop)));
    const gradientNorm = teaches ? this.update(learningRate, number) : NaN;
    const skipped = !Number.isFinite(gradientNorm);
    this.lossScale?.stepped(!skipped);
    if (averageShare !== null && !(skipped && this.lossScale === null))
      moveAverage(this.memory, averageShare);
    return { loss, gradientNorm, skipped };
  }

  private update(learningRate: number, number: number): number {
    const { scale, updates } = this.lossScale?.current ?? { scale: 1, updates: number - 1 };
    return adamwStep(this.memory, this.options.optimizer, learningRate, updates + 1, scale);
  }

  /**
   * The same batches by copies of the weights that are moved to where the loss is larger; the weights stay. Leaves
   * the gradients that teach the step.
   */
  private async perturbedPass(batches: readonly StepBatch[], stop?: AbortSignal): Promise<number> {
    const { perturbation } = this.options;
    const joins = joinsGradients(perturbation);
    perturb(this.memory, Object.keys(this.perturbed), perturbation);
    if (joins) holdGradients(this.memory);
    const weights = { ...this.weights, ...this.perturbed };
    return this.pass(batches, { kind: 'perturbed', weights, joins }, stop);
  }

  /** Leaves the mean gradients over the texts of all batches. @returns their loss, early where it is not finite */
  private async pass(batches: readonly StepBatch[], pass: Pass, stop?: AbortSignal): Promise<number> {
    let loss = 0;
    for (const [i, batch] of batches.entries()) {
      const { share } = batch;
      loss += share * (await this.backward(batch, pass));
      stop?.throwIfAborted();
      if (!Number.isFinite(loss)) return loss;
      if (batches.length > 1 || pass.joins) {
        const isFirst = i === 0 && !pass.joins;
        addGradients(this.memory, share, { isFirst, isLast: i === batches.length - 1 });
      }
    }
    return loss;
  }

  /** Leaves every gradient in the parameter memory. @returns the loss */
  private async backward(batch: StepBatch, pass: Pass): Promise<number> {
    const { program, sizes } = batch;
    const { tables, gradients } = program;
    const session = await this.sessions.of(program);
    const passing = new TensorScope(this.device);
    try {
      const rows = placeRowGradients(tables, sizes, this.memory, passing);
      const inputs = await batch.inputs();
      const masks = await this.masks.factors(batch.masks(pass.kind));
      const feeds = {
        ...pass.weights,
        ...passing.feeds(session, inputs, sizes),
        ...Object.fromEntries(masks.map((mask) => [mask.name, passing.array(mask)])),
      };
      const fetches: Record<string, Tensor | null> = { loss: null };
      for (const [name, { tensor }] of Object.entries(rows)) fetches[name] = tensor;
      for (const { parameter, output } of gradients) fetches[output] = this.gradients[parameter] as Tensor;
      const results = await session.run(feeds, fetches);
      addRowGradients(tables, inputs, this.memory, rows);
      return passing.keep(results['loss'] as Tensor).data[0] as number;
    } finally {
      passing.release();
    }
  }

  async close(): Promise<void> {
    this.sessions.release();
    this.lasting.release();
    await this.masks.close();
  }
}
