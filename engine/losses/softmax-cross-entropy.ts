import * as node from '../graph/nodes.js';
import { simpleOp } from '../ops/op.js';
import { rows } from './entries.js';

/**
 * Cross-entropy of the softmax of logits z with targets y, both `[batch, classes]`, the targets of a row
 * summing to 1, as the mean over rows: −Σ y·log softmax(z). A scalar.
 */
export const softmaxCrossEntropy = simpleOp<'logits' | 'targets'>({
  name: 'softmaxCrossEntropy',
  forward: (g, { logits: z, targets: y }) => {
    const likelihood = node.reduceSum(g, node.mul(g, y, node.logSoftmax(g, z)), [1], false);
    return node.neg(g, node.reduceMean(g, likelihood, [0], false));
  },
  gradient: {
    // dZ = dL·(softmax(z) − y)/batch, since Σ y = 1
    logits: ({ graph: g, dy, inputs: { logits: z, targets: y } }) => {
      const difference = node.sub(g, node.softmax(g, z), y);
      return node.mul(g, node.div(g, difference, rows(g, z)), dy);
    },
    targets: null,
  },
});
