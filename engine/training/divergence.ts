import { Fault } from '../../errors/fault.js';
import type { StepResult } from '../device/training-state.js';

/** Training went where no further step helps; another seed may. */
export class DivergenceFault extends Fault {}

/** Probabilities of all texts within this of each other are no answer, … */
const COLLAPSED = 1e-4;
/** … and so many times less apart than those of the untrained model: it did not fail to learn, it was ruined. */
const RUINED_FACTOR = 20;

/** A step that is skipped with a loss scale as small as that had no need of one: float16 does not hold what it computes. */
const leastLossScale = 1;

const remedy = 'Lower training.learningRate, or set training.retrySeeds to try another seed.';

/**
 * @param step counted from 0 @param lossScale after the step; null where there is none
 * @throws DivergenceFault where a loss or gradient is not finite, and a smaller loss scale does not help
 */
export function checkFinite(
  fold: number,
  step: number,
  { loss, gradientNorm, skipped }: StepResult,
  lossScale: number | null,
): void {
  if (!skipped || (lossScale !== null && lossScale >= leastLossScale)) return;
  const scaled = lossScale === null ? '' : `, even with a loss scale of ${lossScale}`;
  throw new DivergenceFault({
    where: `fold ${fold}, step ${step + 1}`,
    what: 'training diverged: the loss or a gradient is not finite',
    found: `loss ${loss}, gradient norm ${gradientNorm}${scaled}`,
    remedy,
  });
}

/** @throws DivergenceFault where the texts of an epoch, or the held-out ones, have no answers that a loss can be taken of */
export function checkJudgement(
  fold: number,
  epoch: number,
  { trainLoss, valLoss }: { readonly trainLoss: number; readonly valLoss: number },
): void {
  const [of, loss] = Number.isFinite(trainLoss) ? ['validation', valLoss] : ['training', trainLoss];
  if (Number.isFinite(loss)) return;
  throw new DivergenceFault({
    where: `fold ${fold}, epoch ${epoch}`,
    what: `training diverged: the ${of} loss is not finite`,
    found: `${loss}`,
    remedy,
  });
}

/** The widest range, over the labels, that probabilities `[rows, labels]` take over the rows. */
export function answerRange(probabilities: Float32Array, labels: number): number {
  const lowest = new Float64Array(labels).fill(1);
  const highest = new Float64Array(labels);
  probabilities.forEach((p, i) => {
    const label = i % labels;
    lowest[label] = Math.min(lowest[label] as number, p);
    highest[label] = Math.max(highest[label] as number, p);
  });
  return Math.max(...highest.map((high, label) => high - (lowest[label] as number)));
}

/**
 * A network that has hardly learnt answers nearly alike, too, but about as far apart as before.
 *
 * @param range the answers' range after the last epoch, over texts that differ
 * @param untrained their range before the first step
 * @throws DivergenceFault where training has made the model answer every text alike
 */
export function checkCollapse(fold: number, range: number, untrained: number): void {
  if (range > COLLAPSED || range * RUINED_FACTOR >= untrained) return;
  throw new DivergenceFault({
    where: `fold ${fold}`,
    what: 'the model collapsed: after the last epoch it gives every text the same answer',
    remedy: 'Lower training.learningRate, or set training.retrySeeds to try another seed.',
  });
}
