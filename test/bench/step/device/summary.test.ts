import { describe, expect, it } from 'vitest';
import type { DeviceMeasurement, DeviceSide } from '../../../../bench/step/device/compare.js';
import { oneDevice, usualPrecision } from '../../../../bench/step/device/command.js';
import { summariseDevice } from '../../../../bench/step/device/summary.js';
import { deviceTable } from '../../../../bench/step/device/table.js';
import { networks } from '../../../../bench/step/networks.js';

/** Two batches a turn, two turns. */
function side(seconds: readonly [number, number], facts: Partial<DeviceSide['facts']> = {}): DeviceSide {
  const run = (taken: number) => ({
    seconds: taken,
    losses: [0.5, 0.7],
    waiting: taken / 4,
    empty: taken / 8,
    launches: 200,
  });
  return {
    first: { seconds: 9, losses: [0.6] },
    runs: seconds.map(run),
    facts: { card: 'A card', driver: 'its driver', deviceBytes: 2 ** 30, ...facts },
    peakBytes: 2 ** 29,
  };
}

const measured = (changes: Partial<DeviceMeasurement>): DeviceMeasurement => ({
  network: networks.minilm,
  device: 'cuda:0',
  precision: 'float16',
  peerDevice: 'cuda:0',
  sides: { ours: side([2, 4]), padded128: side([8, 12]), longest: side([2, 5]) },
  ...changes,
});

describe('the summary of steps on a device', () => {
  it('counts by step, and takes the ratio of each turn', () => {
    const { sides, ratios, targets } = summariseDevice(measured({}), 2);
    expect(sides.ours).toMatchObject({
      seconds: { median: 1.5, min: 1, max: 2 },
      firstSeconds: 9,
      hostSeconds: 1.125,
      waitingSeconds: 0.375,
      emptyShare: 0.125,
      launches: 100,
      losses: [0.5, 0.7, 0.5, 0.7],
    });
    expect(ratios).toEqual({
      padded128: { median: 3.5, min: 3, max: 4 },
      longest: { median: 1.125, min: 1, max: 1.25 },
    });
    expect(targets.map(({ what, met }) => [what, met])).toEqual([
      ['times padded128', true],
      ['times longest', false],
    ]);
  });

  it('aims at nothing but on CUDA, and says where PyTorch computes', () => {
    const onWebGpu = measured({
      device: 'webgpu',
      precision: 'float32',
      peerDevice: 'cpu',
      sides: { ours: side([2, 4]), processor: side([1, 1], { card: null }), longest: side([2, 5]) },
    });
    const summary = summariseDevice(onWebGpu, 2);
    expect(summary.targets).toEqual([]);
    expect(summary.sides.longest).toMatchObject({ device: 'cpu', precision: 'float32' });
    expect(summary.sides.processor).toMatchObject({
      hostSeconds: null,
      waitingSeconds: null,
      emptyShare: null,
    });
    const table = deviceTable(summary);
    expect(table).toContain('PyTorch, to the longest, cpu float32 by ours: 1.13 [1.00–1.25] times');
    expect(table).toContain('PyTorch has no WebGPU');
  });

  it('has what the profile of a peer says', () => {
    const peer = side([8, 12], { launches: 1_234, kernelSeconds: 2.5 });
    const runs = peer.runs.map(({ seconds, losses, waiting }) => ({ seconds, losses, waiting }));
    const { sides } = summariseDevice(
      measured({ sides: { ours: side([2, 4]), padded128: { ...peer, runs } } }),
      2,
    );
    expect(sides.padded128).toMatchObject({ launches: 1_234, kernelShare: 0.5, emptyShare: null });
  });
});

describe('the device of the benchmark', () => {
  it('is one that has a name', () => {
    expect(['cpu', 'webgpu', 'cuda', 'cuda:3'].map(oneDevice)).toEqual(['cpu', 'webgpu', 'cuda:0', 'cuda:3']);
    for (const text of ['auto', 'cpu,webgpu'])
      expect(() => oneDevice(text)).toThrow('Expected one device: cpu');
    expect(() => oneDevice('gpu')).toThrow('--device: there is no device of that name');
  });

  it('computes in float16 on CUDA alone, where nobody says', () => {
    expect((['cpu', 'webgpu', 'cuda:1'] as const).map(usualPrecision)).toEqual([
      'float32',
      'float32',
      'float16',
    ]);
  });
});
