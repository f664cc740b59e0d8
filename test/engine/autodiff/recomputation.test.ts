import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../../engine/autodiff/gradients.js';
import { Graph } from '../../../engine/graph/graph.js';
import { declared } from '../../../engine/batches/batch-feature.js';
import { packedBatch } from '../../../engine/batches/packed-features.js';
import { plainLoss } from '../../../engine/losses/settings.js';
import { trainedLoss } from '../../../engine/losses/trained-loss.js';
import { bert } from '../../../engine/models/bert.js';
import { ModelBuilder } from '../../../engine/nn/scope.js';
import { Tape } from '../../../engine/ops/tape.js';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import { Trainer, type TrainerOptions } from '../../../engine/training/trainer.js';
import { goldenBatches, goldenClassifier, goldenModels, goldenTensors } from '../models/golden-model.js';
import { weightsOf, writeWeights } from '../device/weights.js';

/** Dropout wherever a family may have it. */
const rates = {
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.2,
  classifier_dropout: 0.3,
  dropout: 0.1,
  attention_dropout: 0.2,
  embedding_dropout: 0.1,
  mlp_dropout: 0.1,
};

/** The graph of a training step, and where in its nodes each layer and the forward pass end. */
function builtStep(model: string) {
  const classifier = goldenClassifier(model, rates);
  const graph = new Graph();
  const tape = new Tape(graph);
  const ends: number[] = [];
  const segment = tape.segment.bind(tape);
  const starts: number[] = [];
  tape.segment = (build) => {
    starts.push(graph.nodes.length);
    const result = segment(build);
    ends.push(graph.nodes.length);
    return result;
  };
  const builder = new ModelBuilder(tape, true);
  const draws = classifier.build(builder, packedBatch(declared(graph), classifier, 1), 50);
  const targets = graph.input('targets', 'float32', ['texts', classifier.labels]);
  const loss = trainedLoss(tape, 'binaryCrossEntropy', { draws, targets, twins: null }, plainLoss);
  const forward = graph.nodes.length;
  const parameters = builder.parameters.map(({ value }) => value);
  gradients(tape, loss, parameters, { checkpointing: true });
  return { graph, layers: starts.map((start, i) => ({ start, end: ends[i]! })), forward };
}

describe.each(goldenModels)('of %s', (model) => {
  it('the backward pass reads no numbers that a layer has made but its result', () => {
    const { graph, layers, forward } = builtStep(model);
    const behind = graph.nodes.slice(forward).flatMap(({ inputs }) => inputs.map((input) => input?.name));
    const read = new Set(behind);
    expect(layers.length).toBeGreaterThan(0);
    layers.forEach(({ start, end }, layer) => {
      const made = graph.nodes.slice(start, end).flatMap(({ outputs }) => outputs);
      const kept = made.filter(({ name, type }) => type === 'float32' && read.has(name));
      // Of ModernBERT, angles and masks, too, which the first layer of a kind makes for all of it.
      const shared = model.startsWith('modernbert') && layer < 2 ? 3 : 0;
      expect(kept.length, `layer ${layer}`).toBeLessThanOrEqual(1 + shared);
    });
  });

  it('losses, gradient norms and weights are the same bits as without', async () => {
    expect(await trained(model, { checkpointing: true })).toEqual(await trained(model, {}));
  });
});

describe('the same bits come out, too, with', () => {
  const cases: readonly (readonly [title: string, model: string, Partial<TrainerOptions>])[] = [
    ['two passes and several draws', 'bert', { draws: { rDrop: 1, dropoutSamples: 3 } }],
    [
      'perturbed weights',
      'deberta-v2',
      { perturbation: { fgm: 0, awp: { rate: 0.1, epsilon: 0.2, from: 1 } } },
    ],
    ['frozen layers', 'deberta-v3', { layers: { layerDecay: 0.9, freezeLayers: 1 } }],
    ['frozen layers that are used several times', 'albert-2', { layers: { layerDecay: 1, freezeLayers: 1 } }],
    ['three threads', 'modernbert-1', { device: new CpuDevice(3) }],
    ['another loss', 'mpnet-1', { loss: 'softmaxCrossEntropy' }],
  ];
  it.each(cases)('%s', async (_, model, options) => {
    expect(await trained(model, { ...options, checkpointing: true })).toEqual(await trained(model, options));
  });
});

/** Steps over batches of one and of two groups of lengths; with the results, every weight at the end. */
async function trained(model: string, options: Partial<TrainerOptions>): Promise<unknown> {
  const classifier = goldenClassifier(model, rates);
  const trainer = await Trainer.create({
    device: new CpuDevice(1),
    classifier,
    vocabulary: classifier.vocabulary,
    loss: 'binaryCrossEntropy',
    dropout: true,
    mostTokens: 100,
    optimizer: { weightDecay: 0.01, maxGradNorm: 1 },
    ...options,
  });
  try {
    await writeWeights(trainer, await goldenTensors(model, 'model.safetensors'));
    const steps: unknown[] = [];
    const { ragged, long } = goldenBatches(model);
    for (const [step, { tokens, labels }] of [ragged!, long!, ragged!].entries()) {
      const batch = { texts: tokens.map((ids) => Int32Array.from(ids)), targets: labels };
      const perturbed = options.perturbation !== undefined;
      const settings = { learningRate: 1e-3, averageShare: null, perturbed, step, key: [1, 2] } as const;
      steps.push(await trainer.stepOver([batch], settings));
    }
    return [steps, await weightsOf(trainer)];
  } finally {
    await trainer.close();
  }
}

describe('the memory of a step', () => {
  /** Linux alone tells the most that a process has held since it was asked to forget. */
  const isTold = process.platform === 'linux';

  it.runIf(isTold)('is less than two thirds where layers are computed again', async () => {
    // The larger one last: what ONNX Runtime has once taken, it keeps.
    const again = await peakOfStep(true);
    const kept = await peakOfStep(false);
    expect(again / kept).toBeLessThan(2 / 3);
  });
});

/** Bytes that a step of a narrow, deep network takes beyond what was there before. */
async function peakOfStep(checkpointing: boolean): Promise<number> {
  const sizes = {
    hiddenSize: 64,
    layers: 16,
    heads: 4,
    intermediateSize: 256,
    vocabulary: 50,
    maxLength: 64,
  };
  const classifier = bert.classifier(bert.scratchConfig(sizes), 2);
  const trainer = await Trainer.create({
    device: new CpuDevice(1),
    classifier,
    vocabulary: 50,
    loss: 'binaryCrossEntropy',
    dropout: false,
    checkpointing,
    mostTokens: 2048,
    optimizer: { weightDecay: 0, maxGradNorm: 1 },
  });
  try {
    const text = Int32Array.from({ length: 64 }, (_, i) => i % 50);
    const step = (texts: number) =>
      trainer.step(Array<Int32Array>(texts).fill(text), Array<number[]>(texts).fill([0, 1]), 0, 0, [0, 0]);
    await step(1);
    writeFileSync('/proc/self/clear_refs', '5');
    const before = memoryLine('VmRSS');
    await step(32);
    return memoryLine('VmHWM') - before;
  } finally {
    await trainer.close();
  }
}

function memoryLine(name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(found?.[1]) * 1024;
}
