import type { Value } from '../graph/graph.js';
import { add, multiply } from '../ops/arithmetic.js';
import { permuteRows } from '../ops/layout.js';
import type { Tape } from '../ops/tape.js';
import { asymmetricLoss } from './asymmetric.js';
import { binaryCrossEntropy } from './binary-cross-entropy.js';
import { bernoulliDivergence, softmaxDivergence } from './divergence.js';
import { plainLoss, type LossSettings } from './settings.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';
import { weightedBinaryCrossEntropy } from './weighted-binary-cross-entropy.js';
import { weightedSoftmaxCrossEntropy } from './weighted-softmax-cross-entropy.js';

/**
 * The plain losses by the names under which a task asks for them, what becomes of each by its settings, and how far
 * two answers are apart.
 */
const losses = {
  binaryCrossEntropy: {
    plain: binaryCrossEntropy,
    weighted: weightedBinaryCrossEntropy,
    divergence: bernoulliDivergence,
  },
  softmaxCrossEntropy: {
    plain: softmaxCrossEntropy,
    weighted: weightedSoftmaxCrossEntropy,
    divergence: softmaxDivergence,
  },
};

export type LossName = keyof typeof losses;

/** What a step's loss is of. */
export interface Answers {
  /** Logits `[texts, labels]` of each draw of the last dropout. */
  readonly draws: readonly Value[];
  /** `[texts, labels]` */
  readonly targets: Value;
  /** Where each text passes twice: α of R-Drop, and int64 `[texts]`, of each row that of the same text's other pass. */
  readonly twins: { readonly alpha: number; readonly rows: Value } | null;
}

/** The loss that is trained, a scalar: the mean over the draws. */
export function trainedLoss(
  tape: Tape,
  name: LossName,
  { draws, targets, twins }: Answers,
  settings: LossSettings = plainLoss,
): Value {
  const each = draws.map((logits) => {
    const loss = lossOf(tape, name, { logits, targets }, settings);
    if (twins === null) return loss;
    const apart = divergenceOf(tape, name, logits, twins.rows);
    return tape.apply(add, { a: loss, b: scaled(tape, apart, twins.alpha) });
  });
  return mean(tape, each);
}

/** The mean over all texts: every row beside that of its text's other pass. */
function divergenceOf(tape: Tape, name: LossName, logits: Value, rows: Value): Value {
  // The other row's other row is the row itself.
  const others = tape.apply(permuteRows, { x: logits, index: rows, inverse: rows });
  return tape.apply(losses[name].divergence, { a: logits, b: others });
}

/** Of scalars. */
function mean(tape: Tape, values: readonly Value[]): Value {
  const sum = values.reduce((a, b) => tape.apply(add, { a, b }));
  return values.length === 1 ? sum : scaled(tape, sum, 1 / values.length);
}

function scaled(tape: Tape, x: Value, factor: number): Value {
  return tape.apply(multiply, { a: x, b: tape.graph.constant('float32', [], [factor]) });
}

function lossOf(
  tape: Tape,
  name: LossName,
  inputs: { readonly logits: Value; readonly targets: Value },
  { asymmetric, ...settings }: LossSettings,
): Value {
  if (asymmetric !== null) return tape.apply(asymmetricLoss, inputs, asymmetric);
  const { plain, weighted } = losses[name];
  return isPlain(settings) ? tape.apply(plain, inputs) : tape.apply(weighted, inputs, settings);
}

function isPlain({ labelSmoothing, weights, focalGamma }: Omit<LossSettings, 'asymmetric'>): boolean {
  return labelSmoothing === 0 && weights === null && focalGamma === 0;
}
