import { describe, expect, it } from 'vitest';
import { networks } from '../../../../bench/step/networks.js';
import { webGpu } from '../../../../engine/device/device.js';
import { launchesOf } from '../../../../engine/device/launches.js';
import { openDevice } from '../../../../engine/device/open.js';
import type { ResidentDevice } from '../../../../engine/device/resident/device.js';
import type { Classifier } from '../../../../engine/models/family.js';
import { scratchFamily } from '../../../../engine/models/families.js';
import { trainingGraph } from '../../../../engine/training/graphs.js';
import { noWebGpu, withoutWebGpu } from '../../../setup/webgpu.js';
import { goldenClassifier } from '../../models/golden-model.js';

const dropout = { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 };

/** Without weights: a graph has them as inputs. */
function ofShape(name: keyof typeof networks): Classifier {
  const { type, sizes } = networks[name];
  const family = scratchFamily(type);
  return family.classifier(family.scratchConfig(sizes), 8);
}

/** Launches of each part; docs/devices.md tells them. */
const counts: [string, () => Classifier, number, Record<'gradients' | 'sum' | 'update', number>][] = [
  ['the golden BERT', () => goldenClassifier('bert', dropout), 100, { gradients: 302, sum: 4, update: 43 }],
  [
    'the golden DeBERTa-v3',
    () => goldenClassifier('deberta-v3', dropout),
    100,
    { gradients: 589, sum: 4, update: 43 },
  ],
  ['MiniLM', () => ofShape('minilm'), 30_522, { gradients: 772, sum: 6, update: 62 }],
  ['DeBERTa-v3-base', () => ofShape('deberta-v3-base'), 128_100, { gradients: 2131, sum: 16, update: 162 }],
];

describe.skipIf(noWebGpu)(`a step on WebGPU${withoutWebGpu}`, { timeout: 120_000 }, () => {
  it.each(counts)(
    'of %s takes as many launches as are known',
    async (_, classifierOf, vocabulary, expected) => {
      const device = await openDevice(webGpu, { threads: 1 });
      const program = trainingGraph(classifierOf(), {
        groups: 1,
        vocabulary,
        dropout: true,
        loss: 'binaryCrossEntropy',
      });
      const optimizer = { weightDecay: 0.01, maxGradNorm: 1 };
      const nodes = await (device as ResidentDevice).stepNodes(program, {
        optimizer,
        averaged: false,
        lossScale: null,
      });
      const { gradients, sum, update } = nodes;
      expect({
        gradients: launchesOf(gradients),
        sum: launchesOf(sum),
        update: launchesOf(update),
      }).toEqual(expected);
      device.release();
    },
  );
});
