import type { Value } from '../graph/graph.js';
import type { Activation } from '../nn/layers.js';
import { activate, linear } from '../nn/layers.js';
import type { Scope } from '../nn/scope.js';
import type { LoadingRules } from './family.js';

/**
 * The end of every head, dropout and a layer: features `[texts, width]` → logits `[texts, labels]` of each draw of
 * the dropout, which all have the same weights (Inoue 2019, "Multi-Sample Dropout for Accelerated Training and Better
 * Generalization").
 */
export function labelLogits(
  { at, dense }: { readonly at: Scope; readonly dense: Scope },
  features: Value,
  { width, labels, dropout }: { readonly width: number; readonly labels: number; readonly dropout: number },
): readonly Value[] {
  return at
    .sampledDropout(features, dropout, 'classifier')
    .map((drawn) => linear(dense, drawn, width, labels));
}

/** The same, its layer named as most families name it. */
export function classifierLogits(
  root: Scope,
  features: Value,
  sizes: { readonly width: number; readonly labels: number; readonly dropout: number },
): readonly Value[] {
  return labelLogits({ at: root, dense: root.child('classifier') }, features, sizes);
}

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
): readonly Value[] {
  const { hidden, labels, activation, dropout } = sizes;
  const features = scope.dropout(first, dropout, 'features');
  const dense = linear(scope.child('dense'), features, hidden, hidden);
  const places = { at: scope, dense: scope.child('out_proj') };
  return labelLogits(places, activate(scope, dense, activation), { width: hidden, labels, dropout });
}

/** Its parameters in a checkpoint, below `classifier`. */
export const headNames: Pick<LoadingRules, 'heads' | 'labelled'> = {
  heads: [/^classifier\./],
  labelled: /^classifier\.out_proj\./,
};
