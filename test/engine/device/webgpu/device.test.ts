import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../../../../engine/checkpoint/safetensors.js';
import { webGpu } from '../../../../engine/device/device.js';
import { openDevice } from '../../../../engine/device/open.js';
import { weightsInMemory } from '../../../../engine/inference/exported-classifier.js';
import { int8Graph } from '../../../../engine/inference/graphs.js';
import { noWebGpu, withoutWebGpu } from '../../../setup/webgpu.js';
import { goldenClassifier, goldenPath } from '../../models/golden-model.js';

describe.skipIf(noWebGpu)(`WebGPU${withoutWebGpu}`, () => {
  it('refuses a model in 8 bits, by the names of the nodes that it has no kernel for', async () => {
    const classifier = goldenClassifier('bert');
    const weights = await openSafetensors(goldenPath('bert', 'model.safetensors'));
    const constants = await weightsInMemory(weights, classifier).finally(() => weights.close());
    const { vocabulary } = classifier;
    const device = await openDevice(webGpu, { threads: 2 });
    const before = device.live;
    const compilation = device.compile(int8Graph(classifier, { groups: 1, vocabulary, constants }));
    await expect(compilation).rejects.toThrow(/has no kernel for it, and it would run on the processor/);
    expect(device.live).toEqual(before);
    device.release();
  });
});
