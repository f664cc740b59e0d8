import type { DropoutPass } from '../../kernels/random-draws.js';
import { joinsGradients, type PerturbationSettings } from '../../optim/perturbation.js';
import type { Value } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import type { Program } from '../program.js';
import type { Sessions } from '../sessions.js';
import { TensorScope } from '../tensor-scope.js';
import { lossScaleInput, type TrainingProgram } from '../training-program.js';
import type { StepBatch, TrainingOptions } from '../training-state.js';
import { gradientOf, gradientProgram } from './gradient-program.js';
import type { Pack } from './packing.js';
import { GradientSums } from './gradient-sums.js';
import { MasksAhead } from './masks-ahead.js';
import { hasPerturbed, perturbedOf, perturbProgram } from './perturb-program.js';
import type { ResidentTensors } from './resident-tensors.js';
import type { Ahead, RunMasks } from './run-masks.js';
import type { StepCard, StepTensors } from './step-tensors.js';
import { inverseScaleInput, scalar, stateInput } from './update-program.js';

type Named = Readonly<Record<string, Value>>;

/** What runs leave on the device for those after them. */
interface Held {
  /** Of the batch that was run last, packed, by `gradientOf`. */
  readonly gradients: Named;
  /** Of all batches of the step so far, where there may be several, or several passes. */
  readonly sums: GradientSums | null;
  /** Of each batch of a pass: the host asks for them when all of the step is under way. */
  readonly losses: Readonly<Record<DropoutPass, readonly Value[]>>;
  /** Packs as they are moved for a pass, by `perturbedOf`. */
  readonly perturbed: Named;
}

/** One pass of all batches of a step, forward and backward. */
interface Pass {
  readonly kind: DropoutPass;
  /** As the gradient programs are fed them. */
  readonly weights: Named;
  /** Whether its gradients are added to those of the pass before. */
  readonly joins: boolean;
  /** Whether they are added up at all. */
  readonly adds: boolean;
}

/** The runs of a step that end with its gradients. */
export class GradientPasses {
  private readonly masks: RunMasks;
  private readonly programs = new Map<TrainingProgram, Program>();
  private readonly perturbProgram: Program;
  private readonly perturbation: PerturbationSettings;

  private constructor(
    private readonly device: Device,
    private readonly sessions: Sessions,
    private readonly card: StepCard,
    private readonly tensors: StepTensors,
    { mostBytes, perturbation, lossScale }: TrainingOptions,
    private readonly held: Held,
  ) {
    const { packs } = tensors.packing;
    const { kernels, view, threads } = card;
    this.masks =
      kernels === null || view === null
        ? new MasksAhead(device, threads, mostBytes)
        : kernels.masks(device, view);
    this.perturbation = perturbation;
    this.perturbProgram = perturbProgram(packs, perturbation, lossScale !== null, card.mostOutputs);
  }

  static async create(
    device: Device,
    sessions: Sessions,
    card: StepCard,
    tensors: StepTensors,
    options: TrainingOptions,
  ): Promise<GradientPasses> {
    const held = await heldBetweenRuns(device, sessions, tensors, options);
    return new GradientPasses(device, sessions, card, tensors, options, held);
  }

  /**
   * Rejects where `stop` is aborted meanwhile.
   *
   * @param perturbed whether gradients of perturbed weights teach the step, too @param scale of the loss
   * @param ahead masks that the first run of the next step may have
   * @returns the gradients of the step, packed, by `gradientOf`
   */
  async run(
    batches: readonly StepBatch[],
    perturbed: boolean,
    scale: number | null,
    ahead: Ahead,
    stop?: AbortSignal,
  ): Promise<Named> {
    const weights = this.weights();
    const joins = perturbed && joinsGradients(this.perturbation);
    const plain: Pass = { kind: 'plain', weights, joins: false, adds: batches.length > 1 || joins };
    const next: Ahead = perturbed ? () => batches[0]!.masks('perturbed') : ahead;
    const gradients = await this.pass(batches, plain, scale, next, stop);
    if (!perturbed) return gradients;
    await this.perturb(gradients, scale);
    const moved = this.tensors.packing.packs
      .filter(hasPerturbed)
      .map(({ name }) => [name, this.held.perturbed[perturbedOf(name)] as Value] as const);
    const pass: Pass = {
      kind: 'perturbed',
      weights: { ...weights, ...Object.fromEntries(moved) },
      joins,
      adds: batches.length > 1 || joins,
    };
    return this.pass(batches, pass, scale, ahead, stop);
  }

  /** The mean loss of a pass of the last step. */
  async loss(kind: DropoutPass, batches: readonly StepBatch[]): Promise<number> {
    let loss = 0;
    for (const [place, { share }] of batches.entries()) {
      const value = await this.device.download(this.held.losses[kind][place] as Value);
      loss += share * (value as Float32Array)[0]!;
    }
    return loss;
  }

  close(): Promise<void> {
    return this.masks.close();
  }

  private async pass(
    batches: readonly StepBatch[],
    pass: Pass,
    scale: number | null,
    ahead: Ahead,
    stop?: AbortSignal,
  ): Promise<Named> {
    for (const [place, batch] of batches.entries()) {
      const following = batches[place + 1];
      const next: Ahead = following === undefined ? ahead : () => following.masks(pass.kind);
      await this.backward(batch, pass, this.held.losses[pass.kind][place] as Value, scale, next);
      stop?.throwIfAborted();
      if (pass.adds) await this.held.sums!.add(this.held.gradients, batch.share, place === 0 && !pass.joins);
    }
    return pass.adds ? this.held.sums!.current : this.held.gradients;
  }

  /** Leaves the gradients of a batch, and its loss. @param ahead masks of the run after it */
  private async backward(
    batch: StepBatch,
    { kind, weights }: Pass,
    loss: Value,
    scale: number | null,
    ahead: Ahead,
  ): Promise<void> {
    const { sizes } = batch;
    const program = this.gradientProgram(batch.program);
    const session = await this.sessions.of(program);
    const masks = await this.masks.take(batch.masks(kind));
    try {
      await TensorScope.during(this.device, async (scope) => {
        const feeds = {
          ...weights,
          ...scope.feeds(session, await batch.inputs(), sizes),
          ...masks.values,
          ...scope.numbers(scale === null ? {} : { [lossScaleInput]: scale }),
        };
        await both(session.run(feeds, { ...this.held.gradients, loss }), () => this.masks.prepare(ahead()));
      });
    } finally {
      masks.release();
    }
  }

  /** Leaves the perturbed copies. */
  private async perturb(gradients: Named, scale: number | null): Promise<void> {
    const session = await this.sessions.of(this.perturbProgram);
    const wanted = new Set(session.inputs);
    const given = Object.entries({ ...this.weights(), ...gradients }).filter(([name]) => wanted.has(name));
    await TensorScope.during(this.device, (scope) =>
      session.run(
        {
          ...Object.fromEntries(given),
          ...scope.numbers(scale === null ? {} : { [inverseScaleInput]: 1 / scale }),
        },
        this.held.perturbed,
      ),
    );
  }

  private weights(): Named {
    const { state, packing, frozen } = this.tensors;
    const packed = packing.packs.map(
      ({ name }) => [name, state.get(stateInput('weights', name)) as Value] as const,
    );
    return Object.fromEntries([...packed, ...frozen]);
  }

  private gradientProgram(program: TrainingProgram): Program {
    let known = this.programs.get(program);
    if (known === undefined) {
      known = gradientProgram(program, this.tensors.packing, this.card.mostOutputs);
      this.programs.set(program, known);
    }
    return known;
  }
}

/** Begins `other` while `work` is under way. Has ended when both have. @throws what the first of them throws */
async function both(work: Promise<unknown>, other: () => Promise<unknown>): Promise<void> {
  const results = await Promise.allSettled([work, other()]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function heldBetweenRuns(
  device: Device,
  sessions: Sessions,
  { resident, packing: { packs } }: StepTensors,
  { accumulate, perturbation }: TrainingOptions,
): Promise<Held> {
  const named = async (of: readonly Pack[], nameOf: (pack: string) => string): Promise<Named> =>
    Object.fromEntries(await resident.named(new Map(of.map(({ name, shape }) => [nameOf(name), shape]))));
  const adds = accumulate > 1 || joinsGradients(perturbation);
  const moved = packs.filter(hasPerturbed);
  return {
    gradients: await named(packs, gradientOf),
    sums: adds ? await GradientSums.allocate(device, sessions, packs, resident) : null,
    losses: {
      plain: await scalars(resident, accumulate),
      perturbed: await scalars(resident, moved.length > 0 ? accumulate : 0),
    },
    perturbed: await named(moved, perturbedOf),
  };
}

async function scalars(resident: ResidentTensors, count: number): Promise<readonly Value[]> {
  const values: Value[] = [];
  for (let place = 0; place < count; place++) values.push(await resident.allocate(scalar));
  return values;
}
