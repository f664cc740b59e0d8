import type { Value } from '../graph/graph.js';
import type { Activation } from '../nn/layers.js';
import { activate, linear } from '../nn/layers.js';
import type { Scope } from '../nn/scope.js';
import type { LoadingRules } from './family.js';

/** The head that RoBERTa brought: a text's first token → dropout → dense → activation → dropout → labels. */
export function classificationHead(
  scope: Scope,
  first: Value,
  sizes: {
    readonly hidden: number;
    readonly labels: number;
    readonly activation: Activation;
    readonly dropout: number;
  },
): Value {
  const { hidden, labels, activation, dropout } = sizes;
  const features = scope.dropout(first, dropout, 'features');
  const dense = linear(scope.child('dense'), features, hidden, hidden);
  const activated = scope.dropout(activate(scope, dense, activation), dropout, 'activated');
  return linear(scope.child('out_proj'), activated, hidden, labels);
}

/** Its parameters in a checkpoint, below `classifier`. */
export const headNames: Pick<LoadingRules, 'heads' | 'labelled'> = {
  heads: [/^classifier\./],
  labelled: /^classifier\.out_proj\./,
};
