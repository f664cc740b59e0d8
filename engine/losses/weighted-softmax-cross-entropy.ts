import type { Graph, Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import { simpleOp } from '../ops/op.js';
import { power } from './focal.js';
import type { LossSettings } from './settings.js';

type Settings = Omit<LossSettings, 'asymmetric'>;

/**
 * Cross-entropy of the softmax p of logits with targets y, both `[batch, classes]`, the targets of a row summing
 * to 1, its targets smoothed and its classes weighted (torch's `label_smoothing` and `weight`), its easy answers
 * discounted: −Σ w·y′·(1 − p)^γ·log p over all entries with the smoothed targets y′, divided by the weight Σ w·y
 * of the rows. A scalar.
 */
export const weightedSoftmaxCrossEntropy = simpleOp<'logits' | 'targets', Settings>({
  name: 'weightedSoftmaxCrossEntropy',
  forward: (g, { logits, targets }, settings) => {
    const likelihood = node.logSoftmax(g, logits);
    const counted = node.mul(g, shares(g, targets, settings), likelihood);
    const terms =
      settings.focalGamma === 0
        ? counted
        : node.mul(g, counted, power(g, wrong(g, logits), settings.focalGamma));
    return node.neg(g, node.div(g, node.reduceSum(g, terms, [0, 1], false), total(g, targets, settings)));
  },
  gradient: {
    // with q = log p: dQ = −dL·w·y′·((1 − p)^γ − γ·p·q·(1 − p)^(γ−1))/Σ w·y, dZ = dQ − p·Σ dQ
    logits: ({ graph: g, dy, inputs: { logits, targets }, attributes }) => {
      const p = node.softmax(g, logits);
      const counted = shares(g, targets, attributes);
      const dq = node.neg(g, node.mul(g, counted, slope(g, logits, p, attributes.focalGamma)));
      const dz = node.sub(g, dq, node.mul(g, p, node.reduceSum(g, dq, [1], true)));
      return node.mul(g, node.div(g, dz, total(g, targets, attributes)), dy);
    },
    targets: null,
  },
});

/** 1 − p */
function wrong(g: Graph, logits: Value): Value {
  return node.sub(g, node.scalar(g, 1), node.softmax(g, logits));
}

/** (1 − p)^γ − γ·p·q·(1 − p)^(γ−1) */
function slope(g: Graph, logits: Value, p: Value, gamma: number): Value {
  if (gamma === 0) return node.scalar(g, 1);
  const others = wrong(g, logits);
  const likelihood = node.mul(g, p, node.logSoftmax(g, logits));
  const ofWeight = node.mul(g, node.mul(g, node.scalar(g, gamma), likelihood), power(g, others, gamma - 1));
  return node.sub(g, power(g, others, gamma), ofWeight);
}

/** w·y′ */
function shares(g: Graph, targets: Value, { labelSmoothing, weights }: Settings): Value {
  const classes = targets.shape[1] as number;
  const kept = node.mul(g, targets, node.scalar(g, 1 - labelSmoothing));
  const y = labelSmoothing === 0 ? targets : node.add(g, kept, node.scalar(g, labelSmoothing / classes));
  return weighted(g, y, weights);
}

/** Σ w·y: with equal weights the number of rows. */
function total(g: Graph, targets: Value, { weights }: Settings): Value {
  return node.reduceSum(g, weighted(g, targets, weights), [0, 1], false);
}

function weighted(g: Graph, y: Value, weights: Settings['weights']): Value {
  return weights === null ? y : node.mul(g, y, g.constant('float32', [weights.length], weights));
}
