import type { Value } from '../graph/graph.js';
import type { Tape } from '../ops/tape.js';
import { asymmetricLoss } from './asymmetric.js';
import { binaryCrossEntropy } from './binary-cross-entropy.js';
import { plainLoss, type LossSettings } from './settings.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';
import { weightedBinaryCrossEntropy } from './weighted-binary-cross-entropy.js';
import { weightedSoftmaxCrossEntropy } from './weighted-softmax-cross-entropy.js';

/** The plain losses by the names under which a task asks for them, and what becomes of each by its settings. */
const losses = {
  binaryCrossEntropy: { plain: binaryCrossEntropy, weighted: weightedBinaryCrossEntropy },
  softmaxCrossEntropy: { plain: softmaxCrossEntropy, weighted: weightedSoftmaxCrossEntropy },
};

export type LossName = keyof typeof losses;

/** The loss that is trained, a scalar. */
export function trainedLoss(
  tape: Tape,
  name: LossName,
  inputs: { readonly logits: Value; readonly targets: Value },
  { asymmetric, ...settings }: LossSettings = plainLoss,
): Value {
  if (asymmetric !== null) return tape.apply(asymmetricLoss, inputs, asymmetric);
  const { plain, weighted } = losses[name];
  return isPlain(settings) ? tape.apply(plain, inputs) : tape.apply(weighted, inputs, settings);
}

function isPlain({ labelSmoothing, weights, focalGamma }: Omit<LossSettings, 'asymmetric'>): boolean {
  return labelSmoothing === 0 && weights === null && focalGamma === 0;
}
