import type { Graph, Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import { simpleOp } from '../ops/op.js';
import { entries, rows } from './entries.js';

/**
 * How far two answers to the same text are apart: the symmetric divergence ½·(KL(p, q) + KL(q, p)) of the
 * probabilities p and q of logits a and b, both `[batch, labels]`. Of two distributions over the same answers it is
 * ½·Σ (p − q)·(log p − log q), and since what log p and a differ by is the same for all answers, ½·Σ (p − q)·(a − b).
 */

/** Of yes and no per label, as the mean over all entries: p = σ(a), q = σ(b). A scalar. */
export const bernoulliDivergence = simpleOp<'a' | 'b'>({
  name: 'bernoulliDivergence',
  forward: (g, { a, b }) =>
    half(g, node.reduceMean(g, node.mul(g, apart(g, a, b), far(g, a, b)), [0, 1], false)),
  // dA = dL·½·((p − q) + p·(1 − p)·(a − b))/(batch·labels), and dB with a and b exchanged
  gradient: {
    a: ({ graph: g, dy, inputs: { a, b } }) => share(g, bernoulliSlope(g, a, b), entries(g, a), dy),
    b: ({ graph: g, dy, inputs: { a, b } }) => share(g, bernoulliSlope(g, b, a), entries(g, a), dy),
  },
});

/** Of one class of all, as the mean over rows: p = softmax(a), q = softmax(b). A scalar. */
export const softmaxDivergence = simpleOp<'a' | 'b'>({
  name: 'softmaxDivergence',
  forward: (g, { a, b }) => {
    const p = node.softmax(g, a);
    const of = node.reduceSum(g, node.mul(g, node.sub(g, p, node.softmax(g, b)), far(g, a, b)), [1], false);
    return half(g, node.reduceMean(g, of, [0], false));
  },
  // dA = dL·½·((p − q) + p·((a − b) − Σ p·(a − b)))/batch, and dB with a and b exchanged
  gradient: {
    a: ({ graph: g, dy, inputs: { a, b } }) => share(g, softmaxSlope(g, a, b), rows(g, a), dy),
    b: ({ graph: g, dy, inputs: { a, b } }) => share(g, softmaxSlope(g, b, a), rows(g, a), dy),
  },
});

/** σ(a) − σ(b) */
function apart(g: Graph, a: Value, b: Value): Value {
  return node.sub(g, node.sigmoid(g, a), node.sigmoid(g, b));
}

/** a − b */
function far(g: Graph, a: Value, b: Value): Value {
  return node.sub(g, a, b);
}

/** (p − q) + p·(1 − p)·(a − b) */
function bernoulliSlope(g: Graph, a: Value, b: Value): Value {
  const variance = node.mul(g, node.sigmoid(g, a), node.sigmoid(g, node.neg(g, a)));
  return node.add(g, apart(g, a, b), node.mul(g, variance, far(g, a, b)));
}

/** (p − q) + p·((a − b) − Σ p·(a − b)) */
function softmaxSlope(g: Graph, a: Value, b: Value): Value {
  const p = node.softmax(g, a);
  const mean = node.reduceSum(g, node.mul(g, p, far(g, a, b)), [1], true);
  const ofWeight = node.mul(g, p, node.sub(g, far(g, a, b), mean));
  return node.add(g, node.sub(g, p, node.softmax(g, b)), ofWeight);
}

function half(g: Graph, x: Value): Value {
  return node.mul(g, x, node.scalar(g, 0.5));
}

/** dL·½·slope/count */
function share(g: Graph, slope: Value, count: Value, dy: Value): Value {
  return node.mul(g, node.div(g, half(g, slope), count), dy);
}
