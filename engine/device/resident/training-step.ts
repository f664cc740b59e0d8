import type { Value } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import { DropoutMasks } from '../dropout-masks.js';
import type { Program } from '../program.js';
import { Sessions } from '../sessions.js';
import { TensorScope } from '../tensor-scope.js';
import type { TrainingProgram } from '../training-program.js';
import type { StepBatch, StepResult, StepSettings, TrainingOptions } from '../training-state.js';
import { gradientOf, gradientProgram } from './gradient-program.js';
import type { Packing } from './packing.js';
import type { ResidentTensors } from './resident-tensors.js';
import { batchOf, shareInput, sumOf, sumProgram } from './sum-program.js';
import { TwoSets } from './two-sets.js';
import { nextOf, normOutput, stateInput, UpdateProgram } from './update-program.js';

type Named = Readonly<Record<string, Value>>;

const scalar: readonly number[] = [];

/** What steps ask of the card. */
export interface StepCard {
  /** Of the processor, which draws the dropout masks. */
  readonly threads: number;
  /** See `Card`. */
  readonly mostOutputs: number;
}

export interface StepTensors {
  /** Of packs, by `stateInput`. */
  readonly state: TwoSets;
  readonly packing: Packing;
  /** The weights of what is not trained, by name. */
  readonly frozen: ReadonlyMap<string, Value>;
  /** Takes what a step needs besides. */
  readonly resident: ResidentTensors;
}

/** What the runs of a step leave on the device for those after them. */
interface Held {
  /** Of the batch that was run last, packed, by `gradientOf`. */
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
    private readonly card: StepCard,
    private readonly tensors: StepTensors,
    options: TrainingOptions,
    private readonly held: Held,
  ) {
    this.sessions = new Sessions(device, {}, options.compiling);
    this.masks = new DropoutMasks(card.threads, options.mostBytes);
    const { packs } = tensors.packing;
    this.sumPrograms = { first: sumProgram(packs, true), further: sumProgram(packs, false) };
    this.update = new UpdateProgram(packs, options.optimizer, options.averaged);
  }

  static async create(
    device: Device,
    card: StepCard,
    tensors: StepTensors,
    options: TrainingOptions,
  ): Promise<TrainingStep> {
    const held = await heldBetweenRuns(tensors, options);
    return new TrainingStep(device, card, tensors, options, held);
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
    const { state, packing, frozen } = this.tensors;
    const packed = packing.packs.map(
      ({ name }) => [name, state.get(stateInput('weights', name)) as Value] as const,
    );
    return Object.fromEntries([...packed, ...frozen]);
  }

  private gradientProgram(program: TrainingProgram): Program {
    let known = this.gradientPrograms.get(program);
    if (known === undefined) {
      known = gradientProgram(program, this.tensors.packing, this.card.mostOutputs);
      this.gradientPrograms.set(program, known);
    }
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

async function heldBetweenRuns(
  { resident, packing }: StepTensors,
  { accumulate }: TrainingOptions,
): Promise<Held> {
  const shapes = new Map(packing.packs.map(({ name, shape }) => [gradientOf(name), shape]));
  const losses: Value[] = [];
  for (let batch = 0; batch < accumulate; batch++) losses.push(await resident.allocate(scalar));
  return {
    gradients: Object.fromEntries(await resident.named(shapes)),
    sums: accumulate > 1 ? await TwoSets.allocate(resident, shapes) : null,
    losses,
    norm: await resident.allocate(scalar),
  };
}
