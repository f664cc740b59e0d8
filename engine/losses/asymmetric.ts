import type { Graph, Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import { simpleOp } from '../ops/op.js';
import { entries } from './entries.js';
import { focal, focalSlope, power } from './focal.js';
import type { AsymmetricSettings } from './settings.js';

/**
 * The asymmetric loss of Ridnik et al. 2021 (eq. 4 to 7) on logits z with targets y, both `[batch, labels]`:
 * positives count as in the focal loss of γ+, negatives as in that of γ− of the shifted probability
 * max(σ(z) − m, 0). The mean over all entries, where the authors take the sum, so that learning rates stay
 * comparable. Gradients flow through the weights, as the paper's do. A scalar.
 */
export const asymmetricLoss = simpleOp<'logits' | 'targets', AsymmetricSettings>({
  name: 'asymmetricLoss',
  forward: (g, { logits: z, targets: y }, settings) => {
    const positive = node.mul(g, y, focal(g, node.neg(g, z), settings.gammaPositive));
    const negative = node.mul(g, absent(g, y), negatives(g, z, settings));
    return node.reduceMean(g, node.add(g, positive, negative), [0, 1], false);
  },
  gradient: {
    // dZ = dL·((1 − y)·n′(z) − y·f′(−z))/(batch·labels)
    logits: ({ graph: g, dy, inputs: { logits: z, targets: y }, attributes }) => {
      const positive = node.mul(g, y, focalSlope(g, node.neg(g, z), attributes.gammaPositive));
      const negative = node.mul(g, absent(g, y), negativeSlope(g, z, attributes));
      return node.mul(g, node.div(g, node.sub(g, negative, positive), entries(g, z)), dy);
    },
    targets: null,
  },
});

function absent(g: Graph, y: Value): Value {
  return node.sub(g, node.scalar(g, 1), y);
}

/** n(z) = −s^γ·log(1 − s) with s = max(σ(z) − m, 0) */
function negatives(g: Graph, z: Value, { gammaNegative, margin }: AsymmetricSettings): Value {
  if (margin === 0) return focal(g, z, gammaNegative);
  const s = shifted(g, z, margin);
  return node.mul(g, power(g, s, gammaNegative), surprise(g, s));
}

/** n′(z) = (γ·s^(γ−1)·(−log(1 − s)) + s^γ/(1 − s))·σ(z)·(1 − σ(z)), and 0 where s is 0 */
function negativeSlope(g: Graph, z: Value, { gammaNegative, margin }: AsymmetricSettings): Value {
  if (margin === 0) return focalSlope(g, z, gammaNegative);
  const s = shifted(g, z, margin);
  const gamma = node.scalar(g, gammaNegative);
  const ofWeight = node.mul(g, node.mul(g, gamma, power(g, s, gammaNegative - 1)), surprise(g, s));
  const ofLoss = node.div(g, power(g, s, gammaNegative), node.sub(g, node.scalar(g, 1), s));
  const ofProbability = node.mul(g, node.sigmoid(g, z), node.sigmoid(g, node.neg(g, z)));
  const inside = node.mul(g, node.sign(g, s), ofProbability);
  return node.mul(g, node.add(g, ofWeight, ofLoss), inside);
}

function shifted(g: Graph, z: Value, margin: number): Value {
  return node.relu(g, node.sub(g, node.sigmoid(g, z), node.scalar(g, margin)));
}

/** −log(1 − s); s is at most 1 − m. */
function surprise(g: Graph, s: Value): Value {
  return node.neg(g, node.log(g, node.sub(g, node.scalar(g, 1), s)));
}
