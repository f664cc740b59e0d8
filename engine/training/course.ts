import { learningRate, type RateSettings } from '../schedules/schedule.js';
import type { PassSettings } from './option-groups.js';

/** The optimizer steps of a fold, counted from 0 over all epochs. */
export class Course {
  /** @param rows of the training set */
  constructor(
    private readonly rows: number,
    readonly passes: PassSettings,
    private readonly rate: RateSettings,
  ) {}

  get stepsPerEpoch(): number {
    return Math.ceil(this.rows / this.passes.batchSize);
  }

  get steps(): number {
    return this.stepsPerEpoch * this.passes.epochs;
  }

  /** Whether a step is of one of the first epochs. */
  isWithin(epochs: number, step: number): boolean {
    return step < epochs * this.stepsPerEpoch;
  }

  /** The rows of a step, of an epoch's order of all rows. */
  batch(order: Uint32Array, step: number): readonly number[] {
    const { batchSize } = this.passes;
    const first = (step % this.stepsPerEpoch) * batchSize;
    return [...order.subarray(first, first + batchSize)];
  }

  learningRate(step: number): number {
    const totalSteps = this.steps;
    const warmupSteps = Math.trunc(this.rate.warmupRatio * totalSteps);
    return learningRate(step, { warmupSteps, totalSteps }, this.rate);
  }
}
