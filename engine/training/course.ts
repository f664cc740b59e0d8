import { averageShare, type AveragingSettings } from '../optim/averaging.js';
import { unperturbed, type PerturbationSettings } from '../optim/perturbation.js';
import { learningRate, type RateSettings } from '../schedules/schedule.js';
import type { PassSettings } from './option-groups.js';

/** The optimizer steps of a fold, counted from 0 over all epochs. */
export class Course {
  /** @param rows of the training set @param microBatch texts of a batch that pass at once */
  constructor(
    private readonly rows: number,
    readonly passes: PassSettings,
    private readonly rate: RateSettings,
    private readonly averaging: AveragingSettings,
    private readonly perturbation: PerturbationSettings = unperturbed,
    private readonly microBatch: number = passes.batchSize,
  ) {}

  get stepsPerEpoch(): number {
    return Math.ceil(this.rows / this.rowsPerStep);
  }

  get steps(): number {
    return this.stepsPerEpoch * this.passes.epochs;
  }

  /** Whether a step is of one of the first epochs. */
  isWithin(epochs: number, step: number): boolean {
    return step < epochs * this.stepsPerEpoch;
  }

  /** The rows that pass at once, one after the other, in a step; of an epoch's order of all rows. */
  batches(order: Uint32Array, step: number): readonly (readonly number[])[] {
    const { batchSize } = this.passes;
    const first = (step % this.stepsPerEpoch) * this.rowsPerStep;
    const rows = [...order.subarray(first, first + this.rowsPerStep)];
    return portions(rows, batchSize).flatMap((batch) => portions(batch, this.microBatch));
  }

  /** How often the epoch of the next step is judged before that step; its end, where it is judged, too, left out. */
  evaluationsDue(step: number): number {
    return Math.floor(((step % this.stepsPerEpoch) * this.passes.evaluations) / this.stepsPerEpoch);
  }

  /** By what share the average of the weights moves towards them after a step; null: it stays. */
  averageShare(step: number): number | null {
    return averageShare(this.averaging, step, this.stepsPerEpoch);
  }

  /** Whether the weights are perturbed in a step. */
  isPerturbed(step: number): boolean {
    const { fgm, awp } = this.perturbation;
    return fgm > 0 || (awp !== null && step >= (awp.from - 1) * this.stepsPerEpoch);
  }

  private get rowsPerStep(): number {
    return this.passes.batchSize * this.passes.accumulate;
  }

  learningRate(step: number): number {
    const totalSteps = this.steps;
    const warmupSteps = Math.trunc(this.rate.warmupRatio * totalSteps);
    return learningRate(step, { warmupSteps, totalSteps }, this.rate);
  }
}

function portions(rows: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) =>
    rows.slice(i * size, (i + 1) * size),
  );
}

/** The most passes of a step. */
export function passesOfStep({ batchSize, accumulate }: PassSettings, microBatch: number): number {
  return accumulate * Math.ceil(batchSize / microBatch);
}
