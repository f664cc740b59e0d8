import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { networks } from '../../../../bench/step/networks.js';
import type { Device } from '../../../../engine/device/device.js';
import { launchesOf } from '../../../../engine/device/launches.js';
import { openDevice } from '../../../../engine/device/open.js';
import type { ResidentDevice } from '../../../../engine/device/resident/device.js';
import { Graph } from '../../../../engine/graph/graph.js';
import * as node from '../../../../engine/graph/nodes.js';
import { programOf } from '../../../../engine/device/program.js';
import { scratchFamily } from '../../../../engine/models/families.js';
import { lossScaleOf } from '../../../../engine/precision/precision.js';
import { fetchCommand, locateCudaLibrary } from '../../../../engine/runtime/cuda-library.js';
import { DeviceFault } from '../../../../engine/runtime/fault.js';
import { loadLibrary } from '../../../../engine/runtime/native-library.js';
import { openRuntime } from '../../../../engine/runtime/open.js';
import { trainingGraph } from '../../../../engine/training/graphs.js';
import type { TrainerOptions } from '../../../../engine/training/trainer.js';
import { InputFault } from '../../../../errors/fault.js';
import { compileFakeCard, fakeLibrary, noCompiler } from '../../../setup/fake-card/fake-card.js';
import { goldenBatches, goldenModels } from '../../models/golden-model.js';
import { goldenTrainer } from '../golden-trainer.js';
import { loweredGradients } from './lowered-gradients.js';

const root = mkdtempSync(join(tmpdir(), 'foldwise-fake-card-'));
afterAll(() => rmSync(root, { recursive: true }));

const missing = noCompiler ?? providerFault();

/** What is loaded under a name of CUDA's serves the provider under it. */
function loadFakeCard(): void {
  compileFakeCard(root);
  // That of the release as well: a machine with a card has one of its own.
  for (const library of ['cuda', 'management', 'cudart', 'cublasLt', 'cublas', 'curand', 'cudnn'] as const)
    loadLibrary(fakeLibrary(root, library));
}

function providerFault(): string | null {
  try {
    locateCudaLibrary();
    return null;
  } catch {
    return `\`${fetchCommand}\` has not been called`;
  }
}

const everything: Partial<TrainerOptions> = {
  averaged: true,
  accumulate: 2,
  checkpointing: true,
  layers: { layerDecay: 0.9, freezeLayers: 0 },
};

/** Steps of a training: with two batches, so that their gradients are added up. */
async function step(
  device: Device,
  model: string,
  options: Partial<TrainerOptions>,
  times = 1,
): Promise<void> {
  const trainer = await goldenTrainer(device, model, { ...everything, ...options });
  const { tokens, labels } = Object.values(goldenBatches(model))[0]!;
  const batch = { texts: tokens.map((ids) => Int32Array.from(ids)), targets: labels };
  const perturbed = options.perturbation !== undefined;
  const settings = { learningRate: 1e-3, averageShare: 1, perturbed, key: [7, 1] as const };
  for (let step = 0; step < times; step++) await trainer.stepOver([batch, batch], { ...settings, step });
  await trainer.close();
}

/**
 * The provider itself, on libraries of CUDA that compute nothing: what it starts with, what it has kernels for, where
 * nodes go, and how tensors come to it and back. What a kernel computes is for a card to show.
 */
describe.skipIf(missing !== null)(
  `CUDA’s provider on a card that computes nothing${missing === null ? '' : ` (skipped: ${missing})`}`,
  { timeout: 120_000 },
  () => {
    let opened: Promise<Device> | undefined;
    const card = (): Promise<Device> => {
      if (opened === undefined) loadFakeCard();
      return (opened ??= openDevice('cuda:0', { threads: 1 }));
    };

    it('starts, and is named with what decides its bits', async () => {
      const device = await card();
      expect(device.name).toBe('cuda:0');
      expect(device.card).toMatchObject({ name: 'A card of tests', memoryBytes: 2 ** 30 });
      expect(device.signature).toBe(
        'onnxruntime 1.30.0, cuda, steps 3, A card of tests (9.0), driver 580.1, cuBLAS 130000, cuDNN 91300',
      );
    });

    it('holds what is copied there', async () => {
      const device = await card();
      const before = device.live;
      const tensor = await device.allocate('float32', [3]);
      await device.upload(Float32Array.of(1, -2, 3.5), tensor);
      expect(await device.download(tensor)).toEqual(Float32Array.of(1, -2, 3.5));
      tensor.release();
      expect(device.live).toEqual(before);
    });

    it('has tensors that are parts of another, which lasts as long as they do', async () => {
      const device = await card();
      const provider = await openRuntime('cuda').provider('cuda');
      const before = device.live;
      const whole = await device.allocate('float32', [2, 3]);
      await device.upload(Float32Array.of(1, 2, 3, 4, 5, 6), whole);
      const row = provider.view!(whole, 'float32', [3], 12);
      const inRow = provider.view!(row, 'float32', [1, 2], 4);
      whole.release();
      row.release();
      await device.upload(Float32Array.of(-5, -6), inRow);
      expect(await device.download(inRow)).toEqual(Float32Array.of(-5, -6));
      expect(device.live.values).toBe(before.values + 3);
      inRow.release();
      expect(device.live).toEqual(before);
    });

    it('makes no tensor of what is not within another', async () => {
      const device = await card();
      const { view } = await openRuntime('cuda').provider('cuda');
      const before = device.live;
      const whole = await device.allocate('float32', [4]);
      for (const [shape, from] of [
        [[4], 4],
        [[1], 16],
        [[1], -4],
        [[1], 2],
        [[1], NaN],
      ] as const)
        expect(() => view!(whole, 'float32', shape, from)).toThrow(/it does not lie within the tensor/);
      const host = device.tensor('float32', [4], new Float32Array(4));
      expect(() => view!(host, 'float32', [1], 0)).toThrow(/does not lie on the device/);
      for (const tensor of [whole, host]) tensor.release();
      expect(() => view!(whole, 'float32', [1], 0)).toThrow(/has been released/);
      expect(device.live).toEqual(before);
    });

    it('writes a part of what is copied to it, and leaves the rest', async () => {
      const device = await card();
      const { view } = await openRuntime('cuda').provider('cuda');
      const whole = await device.allocate('bool', [8]);
      await device.upload(Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 1), whole);
      const part = view!(whole, 'bool', [3], 2);
      await device.upload(Uint8Array.of(0, 1, 0), part);
      expect(await device.download(whole)).toEqual(Uint8Array.of(1, 1, 0, 1, 0, 1, 1, 1));
      for (const tensor of [part, whole]) tensor.release();
    });

    it('tells that it has no room, as a fault that passes', async () => {
      const device = await card();
      const fault = await device.allocate('float32', [2 ** 29]).catch((error: unknown) => error);
      expect(fault).toBeInstanceOf(DeviceFault);
      expect(fault).toMatchObject({ kind: 'memory', retryable: true });
      expect((fault as DeviceFault).message).toMatch(
        /^CUDA, tensor float32 \[536870912\]: the device has no memory left/,
      );
    });

    it('leaves sizes to the processor: what takes one has it without asking the card', async () => {
      const device = await card();
      const graph = new Graph();
      const a = graph.input('a', 'float32', [1, 2]);
      graph.output('y', node.expand(graph, a, ['rows', 2]));
      const session = await device.compile(programOf(graph, 'sizes'));
      const feeds = {
        a: device.tensor('float32', [1, 2], Float32Array.of(1, 2)),
        'dim:rows': device.tensor('int64', [1], BigInt64Array.of(3n)),
      };
      // A size that the card was to compute would be nothing.
      const { y } = await session.run(feeds, { y: null });
      expect(y!.shape).toEqual([3, 2]);
      for (const each of [session, y!, ...Object.values(feeds)]) each.release();
    });

    it('says which cards there are where it has none of a number', async () => {
      await card();
      const found = openDevice('cuda:3', { threads: 1 });
      await expect(found).rejects.toBeInstanceOf(InputFault);
      await expect(found).rejects.toThrow(
        'device cuda:3: this machine has no card of that number; found cuda:0 (A card of tests)',
      );
    });

    it('is the one build of its process', async () => {
      await card();
      expect(() => openRuntime('npm')).toThrow(/another build of it; found the one with CUDA/);
      expect(openRuntime().version).toBe('1.30.0');
    });

    it.each(goldenModels)('has a kernel for every node of a training of %s', async (model) => {
      await step(await card(), model, {});
    });

    it.each(goldenModels)(
      'records the runs of a training of %s that come again, with no place of the host in it',
      async (model) => {
        const device = await card();
        const counted = (name: string): number =>
          loadLibrary(fakeLibrary(root, 'cudart')).func(name, 'int', [])() as number;
        const before = ['fakeRecordings', 'fakeReplays'].map(counted);
        const hostBefore = counted('fakeCopiesOfHostRecorded');
        await step(
          device,
          model,
          { perturbation: { fgm: 0, awp: { rate: 0.1, epsilon: 0.05, from: 0 } } },
          6,
        );
        const [recordings, replays] = ['fakeRecordings', 'fakeReplays'].map(
          (name, place) => counted(name) - before[place]!,
        );
        // At least, where each thread that runs them records its own. Of weights of either set are those of the gradients
        // of two batches where they can be recorded; sums turn twice a step.
        const ofSums = 2;
        const ofGradients = loweredGradients(model).recordable ? 2 * 2 : 0;
        expect(recordings).toBeGreaterThanOrEqual(ofSums + ofGradients);
        expect(replays).toBeGreaterThan(recordings!);
        expect(counted('fakeCopiesOfHostRecorded')).toBe(hostBefore);
      },
    );

    it.each([
      ['deberta-v3-base', 1461],
      ['minilm', 659],
    ] as const)('takes for the gradients of %s in float16 %d launches', async (name, launches) => {
      const { type, sizes } = networks[name];
      const family = scratchFamily(type);
      const program = trainingGraph(family.classifier(family.scratchConfig(sizes), 8), {
        groups: 1,
        vocabulary: sizes.vocabulary,
        dropout: true,
        loss: 'binaryCrossEntropy',
        precision: 'float16',
        scaled: true,
      });
      const optimizer = { weightDecay: 0.01, maxGradNorm: 1 };
      const { gradients } = await ((await card()) as ResidentDevice).stepNodes(program, {
        optimizer,
        averaged: false,
        lossScale: lossScaleOf('float16'),
      });
      expect(launchesOf(gradients)).toBe(launches);
    });

    it.each(
      (['float16', 'bfloat16'] as const).flatMap((precision) =>
        goldenModels.map((model) => [precision, model] as const),
      ),
    )('has a kernel for every node of a training in %s of %s', async (precision, model) => {
      // What scales a loss is in float32: its kernels are told by the others.
      await step(await card(), model, { precision, lossScale: null });
    });
  },
);
