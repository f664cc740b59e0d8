import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { CardContext } from '../../../../engine/device/cuda/card-context.js';
import { CudaKernels } from '../../../../engine/device/cuda/kernels.js';
import { packsOfLaunch } from '../../../../engine/device/cuda/pack-table.js';
import type { ResidentDevice } from '../../../../engine/device/resident/device.js';
import { gradientOf } from '../../../../engine/device/resident/gradient-program.js';
import { Packing, packSizes } from '../../../../engine/device/resident/packing.js';
import { ResidentTensors } from '../../../../engine/device/resident/resident-tensors.js';
import { TwoSets } from '../../../../engine/device/resident/two-sets.js';
import { stateInput } from '../../../../engine/device/resident/update-program.js';
import { Arena } from '../../../../engine/kernels/arena.js';
import { Kernels } from '../../../../engine/kernels/kernels.js';
import { draws, uniform } from '../../../../engine/kernels/philox.js';
import { ADAMW, clippingFactor } from '../../../../engine/optim/adamw.js';
import { ratesOf, type ParameterGroup } from '../../../../engine/optim/parameter-groups.js';
import { loadLibrary } from '../../../../engine/runtime/native-library.js';
import type { Value } from '../../../../engine/runtime/runtime.js';
import { nativeValue } from '../../../../engine/runtime/value.js';
import { driverOnProcessor } from '../../../setup/fake-card/kernels-on-processor.js';
import { noCompiler } from '../../../setup/fake-card/fake-card.js';
import { residentOnProcessor } from '../../../setup/resident-on-processor.js';

const skipped = noCompiler === null ? '' : ` (skipped: ${noCompiler})`;
const optimizer = { weightDecay: 0.1, maxGradNorm: 1 };

type Arrays = Readonly<
  Record<'weights' | 'gradients' | 'firstMoment' | 'secondMoment' | 'average', Float32Array>
>;

/** What an array of a parameter holds. */
type Values = (array: keyof Arrays, parameter: number, count: number) => Float32Array;

interface Step {
  readonly counts: readonly number[];
  readonly values: Values;
  /** Default: one that decays, and others that do not, at other rates. */
  readonly averageShare?: number | null;
  readonly lossScale?: number;
  readonly maxGradNorm?: number;
}

const moments = ['weights', 'firstMoment', 'secondMoment'] as const;

/** Of many sizes and both signs; second moments have none. */
const spread: Values = (array, parameter, count) => {
  const key = [parameter, array.length * 7 + array.charCodeAt(0)] as const;
  const [sizes, signs] = [uniform(count, key, [0, 0, 0]), draws(count, key, [1, 0, 0])];
  return Float32Array.from(sizes, (size, i) => {
    const value = 10 ** (8 * size - 6);
    return signs[i]! % 2 === 0 || array === 'secondMoment' ? value : -value;
  });
};

/** Zeros of both signs, numbers below the least normal one and the largest among others. */
const extreme: Values = (array, parameter, count) => {
  const odd = [0, -0, 1e-45, -1e-40, 1.2e-38, -3e38, 3.4e38, 1, -1e-20];
  const few = array === 'gradients' ? odd.map((value) => value / 1e3) : odd;
  return spread(array, parameter, count).map((value, i) =>
    i % 3 === 0 ? few[(i / 3 + parameter) % odd.length]! : value,
  );
};

const group = (parameter: number): ParameterGroup => ({
  trained: true,
  decay: parameter % 2 === 0,
  rateShare: 1 - (parameter % 3) / 10,
  perturbed: false,
});

const nameOf = (parameter: number): string => `p${parameter}`;

/** Where bits differ, but for those of what is no number: the first few places. */
function differences(found: readonly Float32Array[], expected: readonly Float32Array[]): string[] {
  expect(found.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  const differing: string[] = [];
  for (const [array, values] of expected.entries())
    for (const [i, value] of values.entries())
      if (!Object.is(found[array]![i], value))
        differing.push(`${array}[${i}]: ${found[array]![i]}, not ${value}`);
  return differing.slice(0, 5);
}

describe.skipIf(noCompiler !== null)(`an update by kernels${skipped}`, () => {
  let opened: Promise<ResidentDevice> | undefined;
  const openedDevice = (): Promise<ResidentDevice> => (opened ??= residentOnProcessor(1));
  const kernels =
    noCompiler === null ? new CudaKernels({ number: 0, addressOf, library: driverOnProcessor() }) : null!;
  const threads: Promise<Kernels>[] = [];
  afterAll(async () => {
    for (const each of threads) await (await each).close();
  });

  /** By the kernels. @returns the state that they have written */
  async function byKernels({ counts, values, averageShare, lossScale, maxGradNorm = 1 }: Step) {
    const device = await openedDevice();
    const resident = new ResidentTensors(device);
    const parameters = counts.map((count, place) => ({
      name: nameOf(place),
      shape: [count],
      group: group(place),
    }));
    const packing = new Packing(parameters, { ...packSizes.cuda, mostOfMember: 0 });
    const shapes = (arrays: readonly ('weights' | 'firstMoment' | 'secondMoment' | 'average')[]) =>
      new Map(
        parameters.flatMap(({ name, shape }) =>
          arrays.map((array) => [stateInput(array, name), shape] as const),
        ),
      );
    const state = await TwoSets.allocate(resident, shapes(moments));
    const averages = await TwoSets.allocate(resident, shapes(averageShare === undefined ? [] : ['average']));
    const gradients: Record<string, Value> = {};
    for (const [place, count] of counts.entries()) {
      const name = nameOf(place);
      for (const array of moments)
        await device.upload(values(array, place, count), state.get(stateInput(array, name))!);
      const average = averages.get(stateInput('average', name));
      if (average !== undefined) await device.upload(values('average', place, count), average);
      gradients[gradientOf(name)] = await resident.allocate([count]);
      await device.upload(values('gradients', place, count), gradients[gradientOf(name)]!);
    }
    const options = { optimizer: { ...optimizer, maxGradNorm }, averaged: averageShare !== undefined };
    const update = await kernels.update({ packing, state, averages, resident }, options);
    const settings = { learningRate: 1e-3, averageShare: averageShare ?? null, perturbed: false, number: 3 };
    const before = kernels.launched;
    await update.run(
      gradients,
      settings,
      lossScale === undefined ? null : { scale: lossScale, cleanSteps: 0, updates: 2 },
    );
    const norm = await update.norm();
    const launched = kernels.launched - before;
    state.turn();
    averages.turn();
    const written = async (
      array: (typeof moments)[number] | 'average',
      place: number,
    ): Promise<Float32Array> =>
      (await device.download(
        (array === 'average' ? averages : state).get(stateInput(array, nameOf(place)))!,
      )) as Float32Array;
    const found: Float32Array[] = [];
    for (const place of counts.keys())
      for (const array of [...moments, ...(averageShare === undefined ? [] : (['average'] as const))])
        found.push(await written(array, place));
    update.release();
    resident.release();
    return { norm, found, launched, expected: kernels.launchesOfUpdate(packing.packs) };
  }

  /** By those of the processor, in the same order, given the norm. */
  async function onProcessor(
    { counts, values, averageShare, lossScale = 1, maxGradNorm = 1 }: Step,
    norm: number,
  ): Promise<Float32Array[]> {
    const arena = Arena.create(6 * counts.reduce((bytes, count) => bytes + Arena.bytesFor(count), 0));
    const opening = Kernels.open(arena, 1);
    threads.push(opening);
    const own = await opening;
    return counts.flatMap((count, place) => {
      const view = (array: keyof Arrays): Float32Array => {
        const taken = arena.allocate(count);
        taken.set(values(array, place, count));
        return taken;
      };
      const state = {
        weights: view('weights'),
        gradients: view('gradients'),
        firstMoment: view('firstMoment'),
        secondMoment: view('secondMoment'),
      };
      const gradientScale = clippingFactor(norm, { maxGradNorm }) / lossScale;
      own.adamw(state, {
        ...ADAMW,
        ...ratesOf(group(place), 1e-3, optimizer.weightDecay),
        step: 3,
        gradientScale,
      });
      const stepped = moments.map((array) => state[array]);
      if (averageShare === undefined) return stepped;
      const average = view('average');
      if (averageShare === 1) average.set(state.weights);
      else if (averageShare !== null) {
        const moved = view('weights');
        moved.set(state.weights);
        own.scale(moved, averageShare);
        own.scale(average, 1 - averageShare);
        own.add(average, moved);
      }
      return [...stepped, average];
    });
  }

  async function expectBitsOfProcessor(step: Step): Promise<void> {
    const { norm, found } = await byKernels(step);
    expect(norm).not.toBeNaN();
    const expected = await onProcessor(step, norm);
    expect(differences(found, expected)).toEqual([]);
  }

  it.each([1, 2, 3, 5, 31, 64, 65, 257, 1000, 65_537, 262_145, 786_500])(
    'steps %i numbers with the bits that the processor gives them',
    (count) => expectBitsOfProcessor({ counts: [count], values: spread }),
  );

  it.each([
    ['an average', { averageShare: 0.01 }],
    ['an average that becomes the weights', { averageShare: 1 }],
    ['an average that stays', { averageShare: null }],
    ['a loss scale', { lossScale: 65_536 }],
    ['a loss scale and an average', { lossScale: 2 ** -8, averageShare: 0.25 }],
    ['gradients that are not clipped', { maxGradNorm: 1e30 }],
  ])('gives them with %s, each parameter by its own rate and decay', async (_, settings) => {
    for (const values of [spread, extreme])
      await expectBitsOfProcessor({ counts: [7, 1, 300, 64, 12_345], values, ...settings });
  });

  it('gives them in a state that is not finite', async () => {
    const odd: Values = (array, parameter, count) =>
      array === 'gradients'
        ? spread(array, parameter, count)
        : spread(array, parameter, count).map((value, i) => [value, Infinity, NaN, -Infinity][i % 4]!);
    await expectBitsOfProcessor({ counts: [9, 130], values: odd, averageShare: 0.5 });
  });

  it('takes as many launches as are told, for more packs than one of them has room for, too', async () => {
    for (const packs of [1, packsOfLaunch, packsOfLaunch + 1, 2 * packsOfLaunch + 3]) {
      const counts = Array.from({ length: packs }, (_, place) => 1 + ((place * 37) % 100));
      const step = { counts, values: spread };
      const { norm, found, launched, expected } = await byKernels(step);
      expect(launched).toBe([...expected.values()].reduce((sum, count) => sum + count, 0));
      expect(launched).toBe(3 + 2 * Math.ceil(packs / packsOfLaunch));
      expect(differences(found, await onProcessor(step, norm))).toEqual([]);
    }
  });

  const lengthOf = ({ counts, values, lossScale = 1 }: Step): number =>
    Math.sqrt(
      counts.reduce(
        (sum, count, place) => sum + values('gradients', place, count).reduce((of, g) => of + g * g, 0),
        0,
      ),
    ) / lossScale;

  it.each([
    ['numbers of many sizes', { counts: [1, 100, 300_000, 777_777], values: spread }],
    ['numbers whose squares float32 does not hold', { counts: [50, 70_000], values: extreme }],
    ['what has a loss scale', { counts: [5_000, 3], values: spread, lossScale: 1024 }],
  ])('tells the norm of %s, the same each time', async (_, step: Step) => {
    const { norm } = await byKernels(step);
    const length = lengthOf(step);
    expect(Math.abs(norm / length - 1)).toBeLessThan(1e-12);
    expect((await byKernels(step)).norm).toBe(norm);
  });

  it.each([NaN, Infinity, -Infinity])(
    'tells a norm that is not finite where a gradient is %d',
    async (value) => {
      for (const at of [0, 77, 262_150]) {
        const values: Values = (array, parameter, count) => {
          const made = spread(array, parameter, count);
          if (array === 'gradients' && parameter === 1) made[at] = value;
          return made;
        };
        expect(Number.isFinite((await byKernels({ counts: [3, 262_151], values })).norm)).toBe(false);
      }
    },
  );

  describe('on a card that fails', () => {
    const answer = (error: number): void =>
      void loadLibrary(driverOnProcessor()).func('fakeFailure', 'void', ['int'])(error);
    afterEach(() => answer(0));

    it.each([
      [
        719,
        'lost',
        'cuda:0, kernels: the device is lost; found error 719 (CUDA_ERROR_OF_TESTS) of cuStreamQuery',
      ],
      [
        2,
        'memory',
        'cuda:0, kernels: the device has no memory left; found error 2 (CUDA_ERROR_OF_TESTS) of cuStreamQuery',
      ],
    ])('by error %i says so, as a fault that passes', async (error, kind, message) => {
      answer(error);
      const fault = await byKernels({ counts: [3], values: spread }).catch((thrown: unknown) => thrown);
      expect(fault).toMatchObject({ kind, retryable: true });
      expect((fault as Error).message).toContain(message);
    });

    it('or does not take a kernel is told', () => {
      const context = CardContext.open(0, driverOnProcessor());
      expect(() => context.load('.version 9.1\n')).toThrow(
        /^NVIDIA's driver: it does not take the kernels; found error 218 \(.*\) of cuModuleLoadDataEx\. Install a driver/,
      );
      const kernel = context.load('.version 9.0\n.target sm_75\n');
      expect(() => kernel('adamw')).toThrow(/error 500 \(.*\) of cuModuleGetFunction adamw/);
    });
  });
});

function addressOf(value: Value): bigint {
  return nativeValue('a test', value).place;
}
