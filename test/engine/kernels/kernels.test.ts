import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Arena } from '../../../engine/kernels/arena.js';
import { dropThreshold, Kernels } from '../../../engine/kernels/kernels.js';
import { draws, uniform } from '../../../engine/kernels/philox.js';

/** More than three chunks, and no multiple of any vector's length. */
const long = 3 * 65_536 + 12_347;
const threadCounts = [1, 2, 3];

let arena: Arena;
let kernels: Kernels;
beforeAll(async () => {
  arena = Arena.create(64 * 2 ** 20);
  kernels = await Kernels.open(arena, 2);
});
afterAll(() => kernels.close());

const bits = (view: Float32Array) => new Uint32Array(view.buffer, view.byteOffset, view.length).slice();

function fromBits(pattern: number[]): Float32Array {
  return new Float32Array(Uint32Array.from(pattern).buffer);
}

/** Reproducible values between −1 and 1. */
function values(count: number, place: number, from: Arena = arena): Float32Array {
  const view = from.allocate(count);
  uniform(count, [11, 12], [place, 0, 0]).forEach((value, i) => (view[i] = 2 * value - 1));
  return view;
}

/** The same work in a fresh arena for each number of threads. */
async function forEachThreadCount<T>(work: (kernels: Kernels, arena: Arena) => T): Promise<T[]> {
  const results: T[] = [];
  for (const threads of threadCounts) {
    const own = Arena.create(16 * 2 ** 20);
    const opened = await Kernels.open(own, threads);
    results.push(work(opened, own));
    await opened.close();
  }
  return results;
}

interface Golden {
  options: { learningRate: number; beta1: number; beta2: number; epsilon: number; weightDecay: number };
  start: number[];
  steps: {
    gradients: number[];
    scale: number;
    weights: number[];
    firstMoment: number[];
    secondMoment: number[];
  }[];
}

describe('adamw', () => {
  const golden = JSON.parse(
    readFileSync(new URL('../../golden/kernels/adamw.json', import.meta.url), 'utf8'),
  ) as Golden;

  /** The largest difference, in units of float32's rounding (2⁻²⁴) of `size` at that element. */
  function roundings(actual: Float32Array, expected: number[], size: Float32Array): number {
    const wanted = fromBits(expected);
    const errors = Array.from(actual, (value, i) => Math.abs(value - wanted[i]!));
    return Math.max(...errors.map((error, i) => (error === 0 ? 0 : error / (2 ** -24 * size[i]!))));
  }

  it('agrees with torch.optim.AdamW over ten steps to the rounding that fused products save torch', () => {
    const state = {
      weights: arena.allocate(golden.start.length),
      gradients: arena.allocate(golden.start.length),
      firstMoment: arena.allocate(golden.start.length),
      secondMoment: arena.allocate(golden.start.length),
    };
    state.weights.set(fromBits(golden.start));
    const largest = new Float32Array(golden.start.length);
    golden.steps.forEach((expected, index) => {
      state.gradients.set(fromBits(expected.gradients));
      largest.forEach((value, i) => (largest[i] = Math.max(value, Math.abs(state.gradients[i]!))));
      kernels.adamw(state, { ...golden.options, step: index + 1, gradientScale: expected.scale });
      // One rounding a step at most, each of a quantity no larger than the sizes given here.
      const squares = largest.map((value) => value * value);
      const weightSizes = state.weights.map((value) => Math.abs(value) + golden.options.learningRate);
      expect(roundings(state.firstMoment, expected.firstMoment, largest)).toBeLessThan(index + 1);
      expect(roundings(state.secondMoment, expected.secondMoment, squares)).toBeLessThan(index + 1);
      expect(roundings(state.weights, expected.weights, weightSizes)).toBeLessThan(2 * (index + 1));
    });
  });

  it('gives the same bits on one, two and three threads', async () => {
    const results = await forEachThreadCount((opened, own) => {
      const [weights, gradients] = [values(long, 1, own), values(long, 2, own)];
      const state = {
        weights,
        gradients,
        firstMoment: own.allocate(long),
        secondMoment: own.allocate(long),
      };
      for (let step = 1; step <= 3; step++) {
        opened.adamw(state, { ...golden.options, step, gradientScale: 0.5 });
      }
      return bits(weights);
    });
    expect(Buffer.from(results[1]!.buffer).equals(Buffer.from(results[0]!.buffer))).toBe(true);
    expect(Buffer.from(results[2]!.buffer).equals(Buffer.from(results[0]!.buffer))).toBe(true);
  });
});

describe('sumOfSquares', () => {
  it.each([0, 1, 3, 4, 65_536, 65_537, long])('of %i values equals a float64 sum', (count) => {
    const view = values(count, 3);
    const expected = view.reduce((sum, value) => sum + value * value, 0);
    // Sums of float64 in another order: a few units of the last place of 2⁻⁵³ per hundred terms.
    expect(Math.abs(kernels.sumOfSquares(view) - expected)).toBeLessThanOrEqual(1e-12 * expected);
  });

  it('gives the same bits on one, two and three threads', async () => {
    const sums = await forEachThreadCount((opened, own) => opened.sumOfSquares(values(long, 4, own)));
    expect(new Set(sums).size).toBe(1);
  });

  it('does not overflow where float32 would, and keeps NaN and infinity', () => {
    const view = arena.allocate(5);
    view.fill(3e38);
    expect(kernels.sumOfSquares(view)).toBeCloseTo(5 * Math.fround(3e38) ** 2, -65);
    view[4] = Infinity;
    expect(kernels.sumOfSquares(view)).toBe(Infinity);
    view[2] = NaN;
    expect(kernels.sumOfSquares(view)).toBeNaN();
  });
});

describe('scale and fill', () => {
  it.each([0, 1, 5, long])('change all %i values and nothing beside them', (count) => {
    const around = values(count + 2, 5);
    const before = around.slice();
    const view = around.subarray(1, count + 1);
    kernels.scale(view, 0.3);
    const product = before.subarray(1, count + 1).map((value) => value * Math.fround(0.3));
    expect(Buffer.from(bits(view).buffer).equals(Buffer.from(bits(product).buffer))).toBe(true);
    kernels.fill(view, -7);
    expect(view.every((value) => value === -7)).toBe(true);
    expect([around[0], around[count + 1]]).toEqual([before[0], before[count + 1]]);
  });
});

describe('bound', () => {
  it.each([0, 1, 5, long])(
    'keeps all %i values within a share of others, and what is beside them',
    (count) => {
      const around = values(count + 2, 6);
      const others = values(count, 7);
      const before = around.slice();
      const view = around.subarray(1, count + 1);
      kernels.bound(view, others, 0.25);
      const bounded = before.subarray(1, count + 1).map((value, i) => {
        const most = Math.abs(others[i]!) * 0.25;
        return Math.max(Math.min(value, most), -most);
      });
      expect(Buffer.from(bits(view).buffer).equals(Buffer.from(bits(bounded).buffer))).toBe(true);
      expect([around[0], around[count + 1]]).toEqual([before[0], before[count + 1]]);
    },
  );

  it('gives the same bits on one, two and three threads', async () => {
    const results = await forEachThreadCount((opened, own) => {
      const view = values(long, 8, own);
      opened.bound(view, values(long, 9, own), 0.5);
      return bits(view);
    });
    expect(Buffer.from(results[1]!.buffer).equals(Buffer.from(results[0]!.buffer))).toBe(true);
    expect(Buffer.from(results[2]!.buffer).equals(Buffer.from(results[0]!.buffer))).toBe(true);
  });

  it('keeps NaN', () => {
    const view = arena.allocate(6);
    view.fill(NaN);
    const others = arena.allocate(6);
    others.fill(1);
    kernels.bound(view, others, 1);
    expect(view.every(Number.isNaN)).toBe(true);
  });
});

describe('addRows', () => {
  const width = 131;
  const rows = 9;
  const indices = [4, 4, 0, 8, 4, 0, 3];

  function addedInOrder(table: Float32Array, source: Float32Array): Float32Array {
    const expected = table.slice();
    indices.forEach((row, i) => {
      for (let column = 0; column < width; column++) {
        expected[row * width + column]! += source[i * width + column]!;
      }
    });
    return expected;
  }

  it.each([
    ['int32', Int32Array.from(indices)],
    ['int64', BigInt64Array.from(indices, BigInt)],
  ])('adds repeated rows in their order, with %s indices', (_, index) => {
    const [table, source] = [values(rows * width, 6), values(indices.length * width, 7)];
    const expected = addedInOrder(table, source);
    kernels.addRows(table, index, source, width);
    expect(bits(table)).toEqual(bits(expected));
  });

  it('adds more rows than one pass takes, each once', () => {
    const count = 65_536 + 3;
    const [table, source] = [arena.allocate(4 * 5), arena.allocate(count * 5)];
    kernels.fill(source, 1);
    kernels.addRows(
      table,
      Int32Array.from({ length: count }, (_, i) => i % 4),
      source,
      5,
    );
    const expected = [16385, 16385, 16385, 16384];
    expect([...table]).toEqual(expected.flatMap((value) => Array<number>(5).fill(value)));
  });

  it('gives the same bits on one, two and three threads', async () => {
    const results = await forEachThreadCount((opened, own) => {
      const [table, source] = [values(50 * 768, 8, own), values(300 * 768, 9, own)];
      const index = draws(300, [1, 1], [0, 0, 0]).map((draw) => draw % 50);
      opened.addRows(table, Int32Array.from(index), source, 768);
      return bits(table);
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it.each([-1, rows, 2 ** 31 - 1])('refuses row %i and adds nothing', (row) => {
    const [table, source] = [values(rows * width, 6), values(2 * width, 7)];
    const before = bits(table);
    expect(() => kernels.addRows(table, Int32Array.of(0, row), source, width)).toThrow(
      `addRows: an index is not a row of the table; found ${row}; expected 0 to ${rows - 1}`,
    );
    expect(bits(table)).toEqual(before);
  });
});

describe('dropoutMasks', () => {
  const key = [0xdeadbeef, 42] as const;
  const counter = [7, 0xffffffff, 3] as const;

  function reference(count: number, probability: number): Float32Array {
    const threshold = dropThreshold(probability);
    return Float32Array.from(draws(count, key, counter), (draw) =>
      draw >= threshold ? 1 / (1 - probability) : 0,
    );
  }

  it.each([0, 1, 3, 4, 15, 16, 17, 31, 33, 63, 65_535, 65_536, 65_537, long])(
    'of %i elements equal the scalar Philox and touch nothing beyond',
    (count) => {
      const around = arena.allocate(count + 1);
      around[count] = 5;
      kernels.dropoutMasks(around.subarray(0, count), { probability: 0.1, key, counter });
      const expected = bits(reference(count, 0.1));
      expect(Buffer.from(bits(around.subarray(0, count)).buffer).equals(Buffer.from(expected.buffer))).toBe(
        true,
      );
      expect(around[count]).toBe(5);
    },
  );

  it.each([0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65_535, 65_536, 65_537, long])(
    'of %i elements tell in a byte each what is kept, and touch nothing beyond',
    (count) => {
      const room = arena.allocate(Math.ceil((count + 1) / 4));
      const around = new Uint8Array(room.buffer, room.byteOffset, count + 1);
      around[count] = 5;
      kernels.dropoutMasks(around.subarray(0, count), { probability: 0.1, key, counter });
      const expected = Uint8Array.from(reference(count, 0.1), (factor) => Number(factor > 0));
      expect(Buffer.compare(around.subarray(0, count), expected)).toBe(0);
      expect(around[count]).toBe(5);
    },
  );

  it.each([0, 0.5, 0.9])(
    'with probability %d drop that share, within five standard errors',
    (probability) => {
      const view = arena.allocate(200_000);
      kernels.dropoutMasks(view, { probability, key, counter });
      expect(bits(view)).toEqual(bits(reference(200_000, probability)));
      const dropped = view.filter((value) => value === 0).length / view.length;
      const error = Math.sqrt((probability * (1 - probability)) / view.length);
      expect(Math.abs(dropped - probability)).toBeLessThanOrEqual(5 * error);
    },
  );

  it('give the same bits on one, two and three threads', async () => {
    const results = await forEachThreadCount((opened, own) => {
      const view = own.allocate(long);
      opened.dropoutMasks(view, { probability: 0.1, key, counter });
      return bits(view);
    });
    expect(Buffer.from(results[1]!.buffer).equals(Buffer.from(results[0]!.buffer))).toBe(true);
    expect(Buffer.from(results[2]!.buffer).equals(Buffer.from(results[0]!.buffer))).toBe(true);
  });

  it.each([-0.1, 1, NaN])('refuse probability %d', (probability) => {
    const view = arena.allocate(4);
    expect(() => kernels.dropoutMasks(view, { probability, key, counter })).toThrow(/^dropout: probability/);
  });
});

describe('kernels', () => {
  it('refuse a view of another memory and views of different lengths', () => {
    expect(() => kernels.fill(new Float32Array(4), 1)).toThrow('kernel argument: it is not of the arena');
    const state = {
      weights: arena.allocate(4),
      gradients: arena.allocate(5),
      firstMoment: arena.allocate(4),
      secondMoment: arena.allocate(4),
    };
    const options = {
      learningRate: 1,
      beta1: 0,
      beta2: 0,
      epsilon: 1,
      weightDecay: 0,
      step: 1,
      gradientScale: 1,
    };
    expect(() => kernels.adamw(state, options)).toThrow('wrong length; found 5; expected 4');
  });

  it('lose no chunk over thousands of dispatches with threads that come late', async () => {
    const own = Arena.create(4 * 2 ** 20);
    const opened = await Kernels.open(own, 3);
    const view = own.allocate(65_536 * 2 + 1);
    for (let round = 0; round < 3000; round++) {
      // Two, then three chunks: a late thread must not take the third for the dispatch before.
      const part = view.subarray(0, round % 2 === 0 ? 65_537 : view.length);
      part[0] = round;
      opened.scale(part.subarray(part.length - 2), 1);
      opened.fill(part, round);
      if (part[0] !== round || part.at(-1) !== round || part[65_536] !== round) {
        throw new Error(`round ${round} left a chunk undone`);
      }
    }
    await opened.close();
  });
});
