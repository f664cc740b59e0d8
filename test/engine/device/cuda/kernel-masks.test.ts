import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CudaKernels } from '../../../../engine/device/cuda/kernels.js';
import { masksOfLaunch } from '../../../../engine/device/cuda/kernel-masks.js';
import type { Device } from '../../../../engine/device/device.js';
import { DropoutMasks } from '../../../../engine/device/dropout-masks.js';
import type { ResidentDevice } from '../../../../engine/device/resident/device.js';
import type { PreparedMasks, RunMasks } from '../../../../engine/device/resident/run-masks.js';
import type { DropoutMask } from '../../../../engine/device/training-state.js';
import type { Provider, Value, View } from '../../../../engine/runtime/runtime.js';
import { noCompiler } from '../../../setup/fake-card/fake-card.js';
import { driverOnProcessor } from '../../../setup/fake-card/kernels-on-processor.js';
import { residentOnProcessor } from '../../../setup/resident-on-processor.js';

const skipped = noCompiler === null ? '' : ` (skipped: ${noCompiler})`;

/** Sites of odd sizes: from none that fills its last word to some of several chunks of the processor's. */
function masksOf(batch: number, rows: number): readonly DropoutMask[] {
  return [[rows, 7], [1], [2, rows, rows], [rows, 4_096]].map((shape, site) => ({
    name: `mask:${site}`,
    shape,
    probability: 0.1 + site / 10,
    key: [0xfffffff7, 1],
    counter: [batch, site, 3],
  }));
}

describe.skipIf(noCompiler !== null)(`masks that the card draws${skipped}`, () => {
  let device: ResidentDevice;
  let before: Device['live'];
  let kernels: CudaKernels;
  let masks: RunMasks;
  let fails: 'allocate' | 'view' | null;
  let allocations: number;

  beforeEach(async () => {
    [fails, allocations] = [null, 0];
    device = await residentOnProcessor(1);
    const provider = Reflect.get(device, 'provider') as Provider;
    const place = (value: Value): bigint => provider.placeOf(value);
    kernels = new CudaKernels({ number: 0, addressOf: place, library: driverOnProcessor() });
    const allocate: Device['allocate'] = (...given) => {
      allocations++;
      if (fails === 'allocate') throw new Error('no allocate');
      return device.allocate(...given);
    };
    const view: View = (...given) => {
      if (fails === 'view' && given[3] > 0) throw new Error('no view');
      return provider.view!(...given);
    };
    before = device.live;
    masks = kernels.masks({ allocate }, view);
  });

  afterEach(async () => {
    await masks.close();
    expect(device.live).toEqual(before);
  });

  async function expectDrawn(wanted: readonly DropoutMask[], { values }: PreparedMasks): Promise<void> {
    const alone = new DropoutMasks(1);
    expect(Object.keys(values)).toEqual(wanted.map(({ name }) => name));
    for (const { name, data } of await alone.flags(wanted)) {
      const found = (await device.download(values[name]!)) as Uint8Array;
      expect(Buffer.compare(found, data), name).toBe(0);
    }
    await alone.close();
  }

  const placesOf = ({ values }: PreparedMasks): bigint[] =>
    Object.values(values).map((value) => device.placeOf(value));

  it('are those of the processor byte for byte, in one launch for a run', async () => {
    for (const [batch, rows] of [9, 5, 16, 1, 70].entries()) {
      const wanted = masksOf(batch, rows);
      const launched = kernels.launched;
      const taken = await masks.take(wanted);
      expect(kernels.launched).toBe(launched + 1);
      await expectDrawn(wanted, taken);
      taken.release();
    }
  });

  it('are drawn for numbers of entries that are no multiple of a block, and write nothing behind them', async () => {
    const wanted = Array.from({ length: 70 }, (_, entries) => ({
      ...masksOf(1, 1)[0]!,
      name: `mask:${entries}`,
      shape: [entries],
    }));
    const taken = await masks.take(wanted);
    await expectDrawn(wanted, taken);
    taken.release();
  });

  it('are of more sites than a launch has room for', async () => {
    const wanted = Array.from({ length: 2 * masksOfLaunch + 1 }, (_, site) => ({
      ...masksOf(2, 3)[0]!,
      name: `mask:${site}`,
      counter: [2, site, 0] as const,
    }));
    const launched = kernels.launched;
    const taken = await masks.take(wanted);
    expect(kernels.launched).toBe(launched + 3);
    await expectDrawn(wanted, taken);
    taken.release();
  });

  it.each([0, 1e-9, 0.5, 1 - 2 ** -33])('keep what a draw of probability %d keeps', async (probability) => {
    const wanted = [{ ...masksOf(0, 1)[0]!, shape: [4_000], probability }];
    const taken = await masks.take(wanted);
    await expectDrawn(wanted, taken);
    taken.release();
  });

  it('have no launch where there are none', async () => {
    const taken = await masks.take([]);
    expect([taken.values, kernels.launched, allocations]).toEqual([{}, 0, 0]);
    taken.release();
  });

  it('of one shape lie where they lay, until some need more room', async () => {
    const places = async (batch: number, rows: number): Promise<bigint[]> => {
      const taken = await masks.take(masksOf(batch, rows));
      const found = placesOf(taken);
      taken.release();
      return found;
    };
    const first = await places(0, 9);
    expect(first.map((place) => Number(place - first[0]!))).toEqual([0, 64, 128, 128 + 192]);
    await places(1, 5);
    expect(await places(2, 9)).toEqual(first);
    expect(allocations).toBe(1);
    await places(3, 20);
    expect(allocations).toBe(2);
    const back = await places(4, 9);
    expect(await places(5, 9)).toEqual(back);
    expect(allocations).toBe(2);
  });

  it.each(['allocate', 'view'] as const)('that fail at %s are given back', async (failing) => {
    (await masks.take(masksOf(0, 2))).release();
    fails = failing;
    await expect(masks.take(masksOf(1, 40))).rejects.toThrow(`no ${failing}`);
    expect(device.live.values - before.values).toBeLessThanOrEqual(1);
    fails = null;
    const again = await masks.take(masksOf(1, 40));
    await expectDrawn(masksOf(1, 40), again);
    again.release();
  });

  it('are not drawn ahead', async () => {
    await masks.prepare(masksOf(0, 9));
    expect([kernels.launched, allocations]).toEqual([0, 0]);
  });
});
