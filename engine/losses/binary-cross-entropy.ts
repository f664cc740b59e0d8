import * as node from '../graph/nodes.js';
import { simpleOp } from '../ops/op.js';
import { entries } from './entries.js';

/**
 * Binary cross-entropy on logits z with targets y, both `[batch, labels]`, as the mean over all entries:
 * max(z, 0) − z·y + log(1 + exp(−|z|)), which never overflows. A scalar.
 */
export const binaryCrossEntropy = simpleOp<'logits' | 'targets'>({
  name: 'binaryCrossEntropy',
  forward: (g, { logits: z, targets: y }) => {
    const softplus = node.log(g, node.add(g, node.scalar(g, 1), node.exp(g, node.neg(g, node.abs(g, z)))));
    const linear = node.sub(g, node.relu(g, z), node.mul(g, z, y));
    return node.reduceMean(g, node.add(g, linear, softplus), [0, 1], false);
  },
  gradient: {
    // dZ = dL·(σ(z) − y)/(batch·labels)
    logits: ({ graph: g, dy, inputs: { logits: z, targets: y } }) => {
      const difference = node.sub(g, node.sigmoid(g, z), y);
      return node.mul(g, node.div(g, difference, entries(g, z)), dy);
    },
    targets: null,
  },
});
