import { describe, expect, it } from 'vitest';
import { networks } from '../../../../bench/step/networks.js';
import { CudaKernels } from '../../../../engine/device/cuda/kernels.js';
import { launchesOf } from '../../../../engine/device/launches.js';
import { Packing, packSizes } from '../../../../engine/device/resident/packing.js';
import { scratchFamily } from '../../../../engine/models/families.js';
import { trainingGraph } from '../../../../engine/training/graphs.js';

const kernels = new CudaKernels({ number: 0, addressOf: () => 0n });

/** The packs of a network on CUDA. */
function packsOf(name: 'minilm' | 'deberta-v3-base', vocabulary: number) {
  const { type, sizes } = networks[name];
  const family = scratchFamily(type);
  const { parameters } = trainingGraph(family.classifier(family.scratchConfig(sizes), 8), {
    groups: 1,
    vocabulary,
    dropout: true,
    loss: 'binaryCrossEntropy',
  });
  return new Packing(
    parameters.filter(({ group }) => group.trained),
    packSizes.cuda,
  ).packs;
}

/** docs/devices.md tells them. */
describe('an update on CUDA', () => {
  it.each([
    ['minilm', 30_522, 11],
    ['deberta-v3-base', 128_100, 13],
  ] as const)('of %s takes as many launches as are known', (name, vocabulary, ofParameters) => {
    const packs = packsOf(name, vocabulary);
    expect(packs).toHaveLength(ofParameters);
    expect(launchesOf(kernels.launchesOfUpdate(packs))).toBe(5);
  });
});
