import { Fault } from '../../errors/fault.js';

/** Training went where no further step helps; another seed may. */
export class DivergenceFault extends Fault {}

/** Probabilities of all texts within this of each other are no answer, … */
const COLLAPSED = 1e-4;
/** … and so many times less apart than those of the untrained model: it did not fail to learn, it was ruined. */
const RUINED_FACTOR = 20;

/** @throws DivergenceFault where a loss or gradient is not finite */
export function checkFinite(fold: number, step: number, loss: number, gradientNorm: number): void {
  if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
  throw new DivergenceFault({
    where: `fold ${fold}, step ${step + 1}`,
    what: 'training diverged: the loss or a gradient is not finite',
    found: `loss ${loss}, gradient norm ${gradientNorm}`,
    remedy: 'Lower training.learningRate, or set training.retrySeeds to try another seed.',
  });
}

/** @throws DivergenceFault where the held-out texts have no answers that a loss can be taken of */
export function checkJudgement(fold: number, epoch: number, loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new DivergenceFault({
    where: `fold ${fold}, epoch ${epoch}`,
    what: 'training diverged: the validation loss is not finite',
    found: `${loss}`,
    remedy: 'Lower training.learningRate, or set training.retrySeeds to try another seed.',
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
