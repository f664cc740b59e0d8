import type { Graph, Value } from '../graph/graph.js';
import * as node from '../graph/nodes.js';
import type { Op } from './op.js';

interface Statistics {
  readonly mean: Value;
  readonly inverseDeviation: Value;
}

/** Layer normalisation over the last axis (Ba, Kiros & Hinton 2016, eq. 4). */
export const layerNorm: Op<'x' | 'scale' | 'bias', { readonly epsilon: number }, Statistics> = {
  name: 'layerNorm',
  forward: (g, { x, scale, bias }, { epsilon }) => {
    const { output, mean, inverseDeviation } = node.layerNormalization(g, x, scale, bias, epsilon);
    return { outputs: [output], saved: { mean, inverseDeviation } };
  },
  gradient: {
    // with g = dY⊙γ:  dX = s·(g − mean(g) − x̂·mean(g⊙x̂))
    x: ({ graph: g, dy, inputs, saved }) => {
      const normal = standardised(g, inputs.x, saved);
      const scaled = node.mul(g, dy, inputs.scale);
      const axes = [dy.shape.length - 1];
      const projection = node.mul(g, normal, node.reduceMean(g, node.mul(g, scaled, normal), axes, true));
      const centred = node.sub(g, node.sub(g, scaled, node.reduceMean(g, scaled, axes, true)), projection);
      return node.mul(g, centred, saved.inverseDeviation);
    },
    // dγ = Σ dY⊙x̂
    scale: ({ graph: g, dy, inputs, saved }) => node.mul(g, dy, standardised(g, inputs.x, saved)),
    // dβ = Σ dY
    bias: ({ dy }) => dy,
  },
};

/** x̂ = (x − mean)·s */
function standardised(g: Graph, x: Value, { mean, inverseDeviation }: Statistics): Value {
  return node.mul(g, node.sub(g, x, mean), inverseDeviation);
}
