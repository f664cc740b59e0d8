import type { DropoutPass } from '../../kernels/random-draws.js';
import { joinsGradients, type PerturbationSettings } from '../../optim/perturbation.js';
import type { Value } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import { DropoutMasks } from '../dropout-masks.js';
import type { Program } from '../program.js';
import type { Sessions } from '../sessions.js';
import { TensorScope } from '../tensor-scope.js';
import { lossScaleInput, type TrainingProgram } from '../training-program.js';
import type { StepBatch, TrainingOptions } from '../training-state.js';
import { gradientOf, gradientProgram } from './gradient-program.js';
import type { Packing } from './packing.js';
import { hasPerturbed, perturbedOf, perturbProgram } from './perturb-program.js';
import type { ResidentTensors } from './resident-tensors.js';
import type { StepCard, StepTensors } from './step-tensors.js';
import { batchOf, shareInput, sumOf, sumProgram } from './sum-program.js';
import { TwoSets } from './two-sets.js';
import { inverseScaleInput, scalar, stateInput } from './update-program.js';

type Named = Readonly<Record<string, Value>>;

/** What runs leave on the device for those after them. */
interface Held {
  /** Of the batch that was run last, packed, by `gradientOf`. */
  readonly gradients: Named;
  /** Of all batches of the step so far, where there may be several, or several passes. */
  readonly sums: TwoSets | null;
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
  private readonly masks: DropoutMasks;
  private readonly programs = new Map<TrainingProgram, Program>();
  private readonly sumPrograms: Readonly<Record<'first' | 'further', Program>>;
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
    this.masks = new DropoutMasks(card.threads, mostBytes);
    this.sumPrograms = { first: sumProgram(packs, true), further: sumProgram(packs, false) };
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
    const held = await heldBetweenRuns(tensors, options);
    return new GradientPasses(device, sessions, card, tensors, options, held);
  }

  /**
   * Rejects where `stop` is aborted meanwhile.
   *
   * @param perturbed whether gradients of perturbed weights teach the step, too @param scale of the loss
   * @returns the gradients of the step, packed, by `gradientOf`
   */
  async run(
    batches: readonly StepBatch[],
    perturbed: boolean,
    scale: number | null,
    stop?: AbortSignal,
  ): Promise<Named> {
    const weights = this.weights();
    const joins = perturbed && joinsGradients(this.perturbation);
    const plain: Pass = { kind: 'plain', weights, joins: false, adds: batches.length > 1 || joins };
    const gradients = await this.pass(batches, plain, scale, stop);
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
    return this.pass(batches, pass, scale, stop);
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
    stop?: AbortSignal,
  ): Promise<Named> {
    for (const [place, batch] of batches.entries()) {
      await this.backward(batch, pass, this.held.losses[pass.kind][place] as Value, scale);
      stop?.throwIfAborted();
      if (pass.adds) await this.addUp(batch.share, place === 0 && !pass.joins);
    }
    return pass.adds ? this.held.sums!.current : this.held.gradients;
  }

  /** Leaves the gradients of a batch, and its loss. */
  private async backward(
    batch: StepBatch,
    { kind, weights }: Pass,
    loss: Value,
    scale: number | null,
  ): Promise<void> {
    const { sizes } = batch;
    const program = this.gradientProgram(batch.program);
    const session = await this.sessions.of(program);
    await TensorScope.during(this.device, async (scope) => {
      const feeds = {
        ...weights,
        ...scope.feeds(session, program, await batch.inputs(), sizes),
        ...(await this.masks.draw(batch.masks(kind), scope)),
        ...scope.numbers(scale === null ? {} : { [lossScaleInput]: scale }),
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

async function heldBetweenRuns(
  { resident, packing }: StepTensors,
  { accumulate, perturbation }: TrainingOptions,
): Promise<Held> {
  const gradients = shapesOf(packing, gradientOf);
  const moved = new Map(
    packing.packs.filter(hasPerturbed).map(({ name, shape }) => [perturbedOf(name), shape] as const),
  );
  return {
    gradients: Object.fromEntries(await resident.named(gradients)),
    sums: accumulate > 1 || joinsGradients(perturbation) ? await TwoSets.allocate(resident, gradients) : null,
    losses: {
      plain: await scalars(resident, accumulate),
      perturbed: await scalars(resident, moved.size > 0 ? accumulate : 0),
    },
    perturbed: Object.fromEntries(await resident.named(moved)),
  };
}

function shapesOf({ packs }: Packing, nameOf: (pack: string) => string): Map<string, readonly number[]> {
  return new Map(packs.map(({ name, shape }) => [nameOf(name), shape]));
}

async function scalars(resident: ResidentTensors, count: number): Promise<readonly Value[]> {
  const values: Value[] = [];
  for (let place = 0; place < count; place++) values.push(await resident.allocate(scalar));
  return values;
}
