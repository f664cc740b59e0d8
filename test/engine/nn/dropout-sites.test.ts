import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../../../engine/graph/graph.js';
import { forwardPass } from '../../../engine/inference/graphs.js';
import { numbered, type DropoutSite } from '../../../engine/nn/dropout-sites.js';
import { linear } from '../../../engine/nn/layers.js';
import { ModelBuilder, type AdapterSettings, type Scope } from '../../../engine/nn/scope.js';
import { Tape } from '../../../engine/ops/tape.js';
import { adapted } from '../../../engine/training/adapters.js';
import { cutAbove } from '../../../engine/training/frozen-activations.js';
import type { Classifier } from '../../../engine/models/family.js';
import { goldenClassifier, goldenModels } from '../models/golden-model.js';

/** Every rate of every family. */
const rates = Object.fromEntries(
  [
    ...['hidden_dropout_prob', 'attention_probs_dropout_prob', 'dropout', 'attention_dropout'],
    ...['seq_classif_dropout', 'classifier_dropout', 'classifier_dropout_prob', 'pooler_dropout'],
    ...['cls_dropout', 'embedding_dropout', 'mlp_dropout'],
  ].map((name) => [name, 0.1]),
);

function built(classifier: Classifier, groups: number, samples: number): readonly DropoutSite[] {
  return forwardPass(classifier, { groups, vocabulary: 10 }, { samples }).model.dropoutSites;
}

const lora = (targets: AdapterSettings['targets']) => ({ rank: 2, alpha: 4, dropout: 0.1, targets });

describe.each(goldenModels)('the sites of %s', (model) => {
  const whole = goldenClassifier(model, rates);
  const variants: readonly (readonly [string, Classifier])[] = [
    ['as it is', whole],
    ['with adapters of attention', adapted(whole, lora('attention'), null)],
    ['with adapters of all layers', adapted(whole, lora('all'), null)],
    ['with adapters above the first layer', adapted(whole, lora('all'), 1)],
    ['cut above the first layer', cutAbove(whole, 1)],
  ];

  // Folds of earlier versions were drawn so: the numbers must stay.
  it.each(variants)('%s are numbered in the order of use', (_, classifier) => {
    for (const [groups, samples] of [
      [1, 1],
      [2, 3],
    ] as const) {
      const sites = built(classifier, groups, samples);
      expect(sites.length).toBeGreaterThan(0);
      expect(numbered(sites).map(({ name }) => name)).toEqual(sites.map(({ name }) => name));
      expect(numbered(sites).map(({ number }) => number)).toEqual([...sites.keys()]);
    }
  });
});

describe('numbers of sites', () => {
  const sites = built(adapted(goldenClassifier('deberta-v2', rates), lora('all'), null), 2, 2);
  const numbers = (of: readonly DropoutSite[]): Record<string, number> =>
    Object.fromEntries(numbered(of).map(({ name, number }) => [name, number]));

  it('are by place, kind and index', () => {
    const named = numbered(sites).map(({ name }) => name.replace('dropout:', ''));
    expect(named.slice(0, 19)).toEqual([
      'embeddings.sum',
      'layer.0.query.adapter',
      'layer.0.key.adapter',
      'layer.0.value.adapter',
      'layer.0.positions',
      'layer.0.positionKey.adapter',
      'layer.0.positionQuery.adapter',
      'layer.0.probabilities.0',
      'layer.0.probabilities.1',
      'layer.0.context.adapter',
      'layer.0.attention',
      'layer.0.expand.adapter',
      'layer.0.contract.adapter',
      'layer.0.feedForward',
      'layer.0.convolution',
      'layer.1.query.adapter',
      'layer.1.key.adapter',
      'layer.1.value.adapter',
      'layer.1.positions',
    ]);
    expect(named.slice(-3)).toEqual(['head.features', 'head.classifier.0', 'head.classifier.1']);
  });

  it('do not depend on the order in which a model is built', () => {
    const expected = numbers(sites);
    expect(numbers([...sites].reverse())).toEqual(expected);
    for (let turn = 1; turn < sites.length; turn += 5)
      expect(numbers([...sites.slice(turn), ...sites.slice(0, turn)])).toEqual(expected);
  });

  /** Two layers, each of two sites, and what lies around them; built in the order that is given. */
  function modelBuilt(order: readonly number[]): ModelBuilder {
    const model = new ModelBuilder(new Tape(new Graph()), true);
    const x: Value = model.tape.graph.input('x', 'float32', ['tokens', 4]);
    const scopes: Record<number, Scope> = { 0: model.root.at(0), 1: model.root.at(1) };
    model.root.dropout(x, 0.1, 'features');
    for (const i of order) {
      scopes[i]!.dropout(x, 0.1, 'feedForward');
      scopes[i]!.dropout(x, 0.1, 'attention');
    }
    model.root.at('embeddings').dropout(x, 0.1, 'sum');
    return model;
  }

  it('are the same by name where two layers are built the other way round', () => {
    expect(numbers(modelBuilt([1, 0]).dropoutSites)).toEqual(numbers(modelBuilt([0, 1]).dropoutSites));
    expect(numbers(modelBuilt([0, 1]).dropoutSites)).toEqual({
      'dropout:embeddings.sum': 0,
      'dropout:layer.0.attention': 1,
      'dropout:layer.0.feedForward': 2,
      'dropout:layer.1.attention': 3,
      'dropout:layer.1.feedForward': 4,
      'dropout:head.features': 5,
    });
  });

  it('are refused where two sites have one name', () => {
    expect(() => numbered([...sites, sites[3]!])).toThrow(
      "two sites are called 'dropout:layer.0.value.adapter'",
    );
    expect(() => modelBuilt([0, 0])).toThrow("a second input 'dropout:layer.0.feedForward'");
  });

  it('are asked for with the part of the layer where it has an adapter', () => {
    const forgetful: Classifier = {
      ...goldenClassifier('bert', rates),
      build: (model) => {
        model.adapters = { ...lora('all'), from: 0 };
        const x = model.tape.graph.input('x', 'float32', ['tokens', 4]);
        return [linear(model.root.child('dense').at(0), x, 4, 4)];
      },
    };
    expect(() => built(forgetful, 1, 1)).toThrow('does not say which part it is');
  });
});
