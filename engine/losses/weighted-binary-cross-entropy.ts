import type { Graph, Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import { simpleOp } from '../ops/op.js';
import { entries } from './entries.js';
import { focal, focalSlope } from './focal.js';
import type { LossSettings } from './settings.js';

type Settings = Omit<LossSettings, 'asymmetric'>;

/**
 * Binary cross-entropy on logits z with targets y, both `[batch, labels]`, its targets smoothed, its positives
 * weighted (torch's `pos_weight`) and its easy answers discounted (torchvision's `sigmoid_focal_loss`):
 * w·y·f(−z) + (1 − y)·f(z) with the focal loss f, as the mean over all entries. A scalar.
 */
export const weightedBinaryCrossEntropy = simpleOp<'logits' | 'targets', Settings>({
  name: 'weightedBinaryCrossEntropy',
  forward: (g, { logits: z, targets }, settings) => {
    const { yes, no } = shares(g, targets, settings);
    const ifYes = focal(g, node.neg(g, z), settings.focalGamma);
    const ifNo = focal(g, z, settings.focalGamma);
    return node.reduceMean(g, node.add(g, node.mul(g, yes, ifYes), node.mul(g, no, ifNo)), [0, 1], false);
  },
  gradient: {
    // dZ = dL·((1 − y)·f′(z) − w·y·f′(−z))/(batch·labels)
    logits: ({ graph: g, dy, inputs: { logits: z, targets }, attributes }) => {
      const { yes, no } = shares(g, targets, attributes);
      const ifYes = focalSlope(g, node.neg(g, z), attributes.focalGamma);
      const ifNo = focalSlope(g, z, attributes.focalGamma);
      const slope = node.sub(g, node.mul(g, no, ifNo), node.mul(g, yes, ifYes));
      return node.mul(g, node.div(g, slope, entries(g, z)), dy);
    },
    targets: null,
  },
});

/** What the two answers of each entry count. */
function shares(g: Graph, targets: Value, { labelSmoothing, weights }: Settings): { yes: Value; no: Value } {
  const one = node.scalar(g, 1);
  const kept = node.mul(g, targets, node.scalar(g, 1 - labelSmoothing));
  const y = labelSmoothing === 0 ? targets : node.add(g, kept, node.scalar(g, labelSmoothing / 2));
  const no = node.sub(g, one, y);
  return { yes: weights === null ? y : node.mul(g, y, g.constant('float32', [weights.length], weights)), no };
}
