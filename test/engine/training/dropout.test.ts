import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import { inferenceGraph } from '../../../engine/inference/graphs.js';
import { trainingGraph } from '../../../engine/training/graphs.js';
import { Trainer } from '../../../engine/training/trainer.js';
import type { GoldenBatch } from '../models/golden-model.js';
import { goldenBatches, goldenClassifier, goldenTensors } from '../models/golden-model.js';
import { writeWeights } from '../device/weights.js';

const rates = { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.2 };
const probabilities = ['headBatch.0', 'length.0', 'length.0'];

type Site = readonly [name: string, shape: readonly (string | number)[], probability: number];

/** One layer's sites in order of use, as the reference implementations draw them. */
function layer(i: number, hidden: number, relative: boolean): Site[] {
  return [
    ...(relative ? [[`layer.${i}.positions`, ['buckets', hidden], 0.1] satisfies Site] : []),
    [`layer.${i}.probabilities.0`, probabilities, 0.2],
    [`layer.${i}.attention`, ['tokens', hidden], 0.1],
    [`layer.${i}.feedForward`, ['tokens', hidden], 0.1],
  ];
}

function layers(count: number, hidden: number, relative: boolean): Site[] {
  return range(count).flatMap((i) => layer(i, hidden, relative));
}

const embeddings = (hidden: number): Site => ['embeddings.sum', ['tokens', hidden], 0.1];
const classifier = (hidden: number, probability: number): Site => [
  'head.classifier.0',
  ['texts', hidden],
  probability,
];
const pooler: Site = ['head.features', ['texts', 32], 0.25];

/** The head that RoBERTa brought. */
const head = (hidden: number): Site[] => [
  ['head.features', ['texts', hidden], 0.1],
  ['head.classifier.0', ['texts', hidden], 0.1],
];
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const published: readonly (readonly [string, string, Record<string, unknown>, readonly Site[]])[] = [
  ['BERT', 'bert', {}, [embeddings(32), ...layers(2, 32, false), classifier(32, 0.1)]],
  [
    'BERT with a rate of its own before the classifier',
    'bert',
    { classifier_dropout: 0.5 },
    [embeddings(32), ...layers(2, 32, false), classifier(32, 0.5)],
  ],
  [
    'DeBERTa-v3, whose pooler drops nothing',
    'deberta-v3',
    {},
    [embeddings(32), ...layers(3, 32, true), classifier(32, 0.1)],
  ],
  [
    'DeBERTa-v3 with rates for pooler and classifier',
    'deberta-v3',
    { pooler_dropout: 0.25, cls_dropout: 0.3 },
    [embeddings(32), ...layers(3, 32, true), pooler, classifier(32, 0.3)],
  ],
  [
    'DeBERTa-v3 whose classifier drops nothing',
    'deberta-v3',
    { cls_dropout: 0 },
    [embeddings(32), ...layers(3, 32, true)],
  ],
  [
    'DeBERTa-v2 with a convolution after the first layer',
    'deberta-v2',
    {},
    [
      embeddings(16),
      ...layer(0, 16, true),
      ['layer.0.convolution', ['tokens', 16], 0.1],
      ...layer(1, 16, true),
      classifier(16, 0.1),
    ],
  ],
  [
    'DeBERTa without relative attention',
    'deberta-absolute',
    {},
    [embeddings(16), ...layers(2, 16, false), classifier(16, 0.1)],
  ],
  ['the first DeBERTa', 'deberta-1', {}, [embeddings(18), ...layers(2, 18, true), classifier(18, 0.1)]],
  ['RoBERTa, twice in its head', 'roberta-2', {}, [embeddings(12), ...layers(2, 12, false), ...head(12)]],
  ['ELECTRA, on its narrow embeddings', 'electra-2', {}, [embeddings(6), ...layers(2, 8, false), ...head(8)]],
  [
    'DistilBERT, not behind attention',
    'distilbert-1',
    { dropout: 0.1, attention_dropout: 0.2, seq_classif_dropout: 0.25 },
    [
      embeddings(12),
      ...range(2).flatMap((i): Site[] => [
        [`layer.${i}.probabilities.0`, probabilities, 0.2],
        [`layer.${i}.feedForward`, ['tokens', 12], 0.1],
      ]),
      classifier(12, 0.25),
    ],
  ],
  [
    'MPNet',
    'mpnet-1',
    {},
    [
      embeddings(18),
      ...range(2).flatMap((i): Site[] => [
        [`layer.${i}.probabilities.0`, probabilities, 0.2],
        [`layer.${i}.attention`, ['tokens', 18], 0.1],
        [`layer.${i}.feedForward`, ['tokens', 18], 0.1],
      ]),
      ...head(18),
    ],
  ],
  [
    'ALBERT, anew at each use of its layers',
    'albert-1',
    { classifier_dropout_prob: 0.3 },
    [
      embeddings(8),
      ...range(6).flatMap((i): Site[] => [
        [`layer.${i}.probabilities.0`, probabilities, 0.2],
        [`layer.${i}.attention`, ['tokens', 12], 0.1],
      ]),
      classifier(12, 0.3),
    ],
  ],
  [
    'ModernBERT, within its gated feed-forward',
    'modernbert-2',
    { embedding_dropout: 0.1, attention_dropout: 0.2, mlp_dropout: 0.3, classifier_dropout: 0.4 },
    [
      ['embeddings.sum', ['tokens', 12], 0.1],
      ...range(4).flatMap((i): Site[] => [
        [`layer.${i}.probabilities.0`, probabilities, 0.2],
        [`layer.${i}.attention`, ['tokens', 12], 0.2],
        [`layer.${i}.gate`, ['tokens', 18], 0.3],
      ]),
      classifier(12, 0.4),
    ],
  ],
];

describe('the training graph draws dropout exactly where the published model does:', () => {
  it.each(published)('%s', (_, model, changes, sites) => {
    const { dropoutSites } = trainingGraph(goldenClassifier(model, { ...rates, ...changes }), {
      groups: 1,
      vocabulary: 100,
      loss: 'binaryCrossEntropy',
      dropout: true,
    });
    expect(dropoutSites.map(({ name, shape, probability }) => [name, shape, probability])).toEqual(
      sites.map(([name, shape, probability]) => [`dropout:${name}`, shape, probability]),
    );
  });
});

describe('no mask is drawn', () => {
  it.each(['bert', 'deberta-v3', 'deberta-v2'])('by %s when it is evaluated, or without dropout', (model) => {
    const changed = goldenClassifier(model, rates);
    const options = { groups: 1, vocabulary: 100 };
    expect(inferenceGraph(changed, options).dropoutSites).toEqual([]);
    expect(
      trainingGraph(changed, { ...options, loss: 'binaryCrossEntropy', dropout: false }).dropoutSites,
    ).toEqual([]);
    expect(
      trainingGraph(goldenClassifier(model), { ...options, loss: 'binaryCrossEntropy', dropout: true })
        .dropoutSites,
    ).toEqual([]);
  });

  it('in vain: with two groups there is one for the probabilities of each', () => {
    const { dropoutSites } = trainingGraph(goldenClassifier('bert', rates), {
      groups: 2,
      vocabulary: 100,
      loss: 'binaryCrossEntropy',
      dropout: true,
    });
    const attention = dropoutSites.filter(({ name }) => name.includes('probabilities'));
    expect(attention.map(({ name, shape }) => [name.slice(-1), ...shape])).toEqual(
      [0, 1].flatMap(() => [0, 1].map((g) => [`${g}`, `headBatch.${g}`, `length.${g}`, `length.${g}`])),
    );
  });
});

describe.each(['bert', 'deberta-v3'])('the losses of %s under dropout', (model) => {
  let trainer: Trainer;
  const { ragged } = goldenBatches(model) as { ragged: GoldenBatch };
  const texts = ragged.tokens.map((ids) => Int32Array.from(ids));
  /** At rate 0 the weights stay, so that every step is of the same model. */
  const loss = async (step: number, key: readonly [number, number] = [42, 1]): Promise<number> =>
    (await trainer.step(texts, ragged.labels, 0, step, key)).loss;

  beforeAll(async () => {
    const changed = goldenClassifier(model, rates);
    trainer = await Trainer.create({
      device: new CpuDevice(2),
      classifier: changed,
      vocabulary: changed.vocabulary,
      loss: 'binaryCrossEntropy',
      dropout: true,
      mostTokens: 100,
      optimizer: { weightDecay: 0, maxGradNorm: 1 },
    });
    await writeWeights(trainer, await goldenTensors(model, 'model.safetensors'));
  });
  afterAll(() => trainer.close());

  it('are the same bits for the same key and step, gradients too', async () => {
    const first = await trainer.step(texts, ragged.labels, 0, 3, [42, 1]);
    await loss(4);
    expect(await trainer.step(texts, ragged.labels, 0, 3, [42, 1])).toEqual(first);
  });

  it('are others for another step, seed or fold', async () => {
    const losses = [await loss(0), await loss(1), await loss(0, [43, 1]), await loss(0, [42, 2])];
    expect(new Set(losses).size).toBe(4);
  });

  it('lie around the loss without dropout', async () => {
    const losses: number[] = [];
    for (let step = 0; step < 100; step++) losses.push(await loss(step));
    const mean = losses.reduce((total, value) => total + value, 0) / losses.length;
    const deviation = Math.sqrt(
      losses.reduce((total, value) => total + (value - mean) ** 2, 0) / losses.length,
    );
    expect(deviation).toBeGreaterThan(1e-3);
    // The loss is not linear in the masks, so not equal; the bound is some three standard errors.
    expect(Math.abs(mean - ragged.float64.loss)).toBeLessThan(0.015);
  });
});
