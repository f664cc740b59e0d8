import type { Value } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import { DropoutMasks } from '../dropout-masks.js';
import type { Program } from '../program.js';
import { Sessions } from '../sessions.js';
import { TensorScope } from '../tensor-scope.js';
import type { OptimizedParameter, TrainingProgram } from '../training-program.js';
import type { StepBatch, StepResult, StepSettings, TrainingOptions } from '../training-state.js';
import { gradientOf, gradientProgram } from './gradient-program.js';
import type { ResidentTensors } from './resident-tensors.js';
import { batchOf, shareInput, sumOf, sumProgram } from './sum-program.js';
import { TwoSets } from './two-sets.js';
import { nextOf, normOutput, stateInput, UpdateProgram } from './update-program.js';

type Named = Readonly<Record<string, Value>>;

const scalar: readonly number[] = [];

export interface StepTensors {
  /** By `stateInput`. */
  readonly state: TwoSets;
  /** The weights of what is not trained, by name. */
  readonly frozen: ReadonlyMap<string, Value>;
  /** Takes what a step needs besides. */
  readonly resident: ResidentTensors;
}

/** What the runs of a step leave on the device for those after them. */
interface Held {
  /** Of the batch that was run last, by `gradientOf`. */
  readonly gradients: Named;
  /** Of all batches of the step so far, where there may be several. */
  readonly sums: TwoSets | null;
  /** Of each batch of the step: the host asks for them when all of the step is under way. */
  readonly losses: readonly Value[];
  readonly norm: Value;
}

/**
 * The steps of a training, all of whose arrays stay on the device: a run for the gradients of each batch, one that adds
 * them up where there are several, and one that updates. Each writes other tensors than it reads, so that a step whose
 * results are not wanted has changed nothing.
 */
export class TrainingStep {
  private readonly sessions: Sessions;
  private readonly masks: DropoutMasks;
  private readonly gradientPrograms = new Map<TrainingProgram, Program>();
  private readonly sumPrograms: Readonly<Record<'first' | 'further', Program>>;
  private readonly update: UpdateProgram;

  private constructor(
    private readonly device: Device,
    threads: number,
    private readonly tensors: StepTensors,
    private readonly options: TrainingOptions,
    private readonly held: Held,
  ) {
    this.sessions = new Sessions(device, {}, options.compiling);
    this.masks = new DropoutMasks(threads, options.mostBytes);
    const trained = trainedOf(options);
    this.sumPrograms = { first: sumProgram(trained, true), further: sumProgram(trained, false) };
    this.update = new UpdateProgram(trained, options.optimizer, options.averaged);
  }

  static async create(
    device: Device,
    threads: number,
    tensors: StepTensors,
    options: TrainingOptions,
  ): Promise<TrainingStep> {
    const held = await heldBetweenRuns(tensors.resident, options);
    return new TrainingStep(device, threads, tensors, options, held);
  }

  /** Rejects without having changed the state where `stop` is aborted meanwhile. */
  async run(batches: readonly StepBatch[], settings: StepSettings, stop?: AbortSignal): Promise<StepResult> {
    for (const [place, batch] of batches.entries()) {
      await this.backward(batch, this.held.losses[place] as Value);
      stop?.throwIfAborted();
      if (batches.length > 1) await this.addUp(batch.share, place === 0);
    }
    await this.move(batches.length > 1 ? this.held.sums!.current : this.held.gradients, settings);
    let loss = 0;
    for (const [place, { share }] of batches.entries())
      loss += share * (await this.number(this.held.losses[place] as Value));
    const norm = await this.number(this.held.norm);
    stop?.throwIfAborted();
    const gradientNorm = Number.isFinite(loss) ? norm : NaN;
    const skipped = !Number.isFinite(gradientNorm);
    if (!skipped) this.tensors.state.turn();
    return { loss, gradientNorm, skipped };
  }

  /** Leaves the gradients of a batch, and its loss. */
  private async backward(batch: StepBatch, loss: Value): Promise<void> {
    const { sizes } = batch;
    const program = this.gradientProgram(batch.program);
    const session = await this.sessions.of(program);
    await this.passing(async (scope) => {
      const feeds = {
        ...this.weights(),
        ...scope.feeds(session, program, await batch.inputs(), sizes),
        ...(await this.masks.draw(batch.masks('plain'), scope)),
      };
      await session.run(feeds, { ...this.held.gradients, loss });
    });
  }

  /** Adds the gradients of a batch to those before it. */
  private async addUp(share: number, isFirst: boolean): Promise<void> {
    const sums = this.held.sums!;
    const session = await this.sessions.of(this.sumPrograms[isFirst ? 'first' : 'further']);
    const ofBatch = Object.entries(this.held.gradients).map(
      ([name, value]) => [batchOf(name), value] as const,
    );
    await this.passing((scope) =>
      session.run(
        {
          ...Object.fromEntries(ofBatch),
          ...(isFirst ? {} : sums.current),
          [shareInput]: scope.float(scalar, Float32Array.of(share)),
        },
        sums.next(sumOf),
      ),
    );
    sums.turn();
  }

  /** Leaves the norm, and the state as it is to be in the set that does not hold. */
  private async move(gradients: Named, settings: StepSettings): Promise<void> {
    const session = await this.sessions.of(this.update.program);
    await this.passing((scope) => {
      const numbers = Object.entries(this.update.numbers(settings)).map(
        ([name, value]) => [name, scope.float(scalar, Float32Array.of(value))] as const,
      );
      const feeds = { ...gradients, ...this.tensors.state.current, ...Object.fromEntries(numbers) };
      return session.run(feeds, { ...this.tensors.state.next(nextOf), [normOutput]: this.held.norm });
    });
  }

  /** As the gradient programs are fed them. */
  private weights(): Named {
    const { state, frozen } = this.tensors;
    return Object.fromEntries(
      this.options.program.parameters.map(({ name }) => [
        name,
        (state.get(stateInput('weights', name)) ?? frozen.get(name)) as Value,
      ]),
    );
  }

  private gradientProgram(program: TrainingProgram): Program {
    let known = this.gradientPrograms.get(program);
    if (known === undefined) this.gradientPrograms.set(program, (known = gradientProgram(program)));
    return known;
  }

  private async passing<T>(work: (scope: TensorScope) => Promise<T>): Promise<T> {
    const scope = new TensorScope(this.device);
    try {
      return await work(scope);
    } finally {
      scope.release();
    }
  }

  private async number(value: Value): Promise<number> {
    return ((await this.device.download(value)) as Float32Array)[0]!;
  }

  async close(): Promise<void> {
    this.sessions.release();
    await this.masks.close();
  }
}

async function heldBetweenRuns(resident: ResidentTensors, options: TrainingOptions): Promise<Held> {
  const { accumulate } = options;
  const shapes = new Map(trainedOf(options).map(({ name, shape }) => [gradientOf(name), shape]));
  const losses: Value[] = [];
  for (let batch = 0; batch < accumulate; batch++) losses.push(await resident.allocate(scalar));
  return {
    gradients: Object.fromEntries(await resident.named(shapes)),
    sums: accumulate > 1 ? await TwoSets.allocate(resident, shapes) : null,
    losses,
    norm: await resident.allocate(scalar),
  };
}

function trainedOf({ program }: TrainingOptions): readonly OptimizedParameter[] {
  return program.parameters.filter(({ group }) => group.trained);
}
