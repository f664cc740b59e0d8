import type { Graph, Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';

/** log(1 + exp(s)), which never overflows: −log of the probability 1 − σ(s). */
export function softplus(g: Graph, s: Value): Value {
  const rest = node.log(g, node.add(g, node.scalar(g, 1), node.exp(g, node.neg(g, node.abs(g, s)))));
  return node.add(g, node.relu(g, s), rest);
}

/** x^γ of what is not negative. */
export function power(g: Graph, x: Value, gamma: number): Value {
  const positive = node.max(g, x, node.scalar(g, SMALLEST));
  return node.exp(g, node.mul(g, node.scalar(g, gamma), node.log(g, positive)));
}

/** Below it a power is as that of it. */
const SMALLEST = 1e-8;

/**
 * The focal loss of one answer (Lin et al. 2017, eq. 4): σ(s)^γ·log(1 + exp(s)), with s the logit of what is not
 * true. γ = 0 is the cross-entropy.
 */
export function focal(g: Graph, s: Value, gamma: number): Value {
  const crossEntropy = softplus(g, s);
  return gamma === 0 ? crossEntropy : node.mul(g, weight(g, s, gamma), crossEntropy);
}

/** d focal / ds = σ(s)^γ·(γ·(1 − σ(s))·log(1 + exp(s)) + σ(s)) */
export function focalSlope(g: Graph, s: Value, gamma: number): Value {
  const wrong = node.sigmoid(g, s);
  if (gamma === 0) return wrong;
  const right = node.sigmoid(g, node.neg(g, s));
  const ofWeight = node.mul(g, node.mul(g, node.scalar(g, gamma), right), softplus(g, s));
  return node.mul(g, weight(g, s, gamma), node.add(g, ofWeight, wrong));
}

/** σ(s)^γ */
function weight(g: Graph, s: Value, gamma: number): Value {
  return node.exp(g, node.mul(g, node.scalar(g, -gamma), softplus(g, node.neg(g, s))));
}
