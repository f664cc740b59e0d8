import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../engine/device/device.js';
import { inItsOperators, onProcessor, otherDevices, testDevices } from '../../setup/devices.js';
import { opened } from '../../setup/opened-device.js';
import { count, generatedSamples, numbers } from './generated-samples.js';
import { goldenSamples } from './golden-samples.js';
import type { AnyOp, OpSample } from './op-run.js';
import { differentiable, OpSession } from './op-run.js';

/** Of the largest entry, or of 1 where that is larger: float32 rounding of a few terms. */
const GOLDEN = 3e-6;
/** A step that is exact in binary; its square, times a third derivative of a few units, stays below the tolerance. */
const STEP = 2 ** -7;
const DIFFERENCE = 1e-3;

async function withSession<T>(
  device: Device,
  sample: OpSample,
  use: (session: OpSession) => Promise<T>,
): Promise<T> {
  const session = await OpSession.create(sample, device);
  try {
    return await use(session);
  } finally {
    session.release();
  }
}

/** The largest difference, relative to the largest entry expected. */
function error(actual: Float32Array, expected: ArrayLike<number>): number {
  const scale = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return actual.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number)) / scale),
    0,
  );
}

function titled<T extends { readonly title: string }>(samples: readonly T[]): (readonly [string, T])[] {
  return samples.map((sample) => [sample.title, sample] as const);
}

for (const device of [...testDevices, inItsOperators]) {
  describe.skipIf(device.missing)(
    `every op on ${device.title} equals PyTorch in its results and in every gradient`,
    () => {
      const open = opened(() => device.open(1));
      it.each(titled(goldenSamples))('%s', async (_, { sample, shapes, outputs, upstream, gradients }) => {
        const run = await withSession(open(), sample, (session) => session.run(upstream));
        expect(run.shapes).toEqual(shapes);
        outputs.forEach((expected, i) => {
          expect(run.outputs[i]).toHaveLength(expected.length);
          expect(error(run.outputs[i] as Float32Array, expected), `result ${i}`).toBeLessThan(GOLDEN);
        });
        for (const [name, expected] of Object.entries(gradients)) {
          expect(run.gradients[name]).toHaveLength(expected.length);
          expect(error(run.gradients[name] as Float32Array, expected), `gradient of ${name}`).toBeLessThan(
            GOLDEN,
          );
        }
      });
    },
  );
}

describe('every gradient is the slope that differences of the results show', () => {
  const open = opened(() => onProcessor.open(1));
  it.each(titled(generatedSamples))('%s', async (_, { sample }) => {
    await withSession(open(), sample, async (session) => {
      const upstream = session.shapes.map((shape) => numbers(count(shape, {})));
      const { gradients } = await session.run(upstream);
      for (const name of differentiable(sample)) {
        const slopes = await differences(session, sample, name, upstream);
        expect(gradients[name]).toHaveLength(slopes.length);
        expect(error(gradients[name] as Float32Array, slopes), `gradient of ${name}`).toBeLessThan(
          DIFFERENCE,
        );
      }
    });
  });
});

for (const device of otherDevices) {
  describe.skipIf(device.missing)(
    `every result and gradient on ${device.title} is that of ${onProcessor.title}, twice with the same bits`,
    () => {
      const [processor, other] = [opened(() => onProcessor.open(1)), opened(() => device.open(1))];
      it.each(titled(generatedSamples))('%s', async (_, { sample }) => {
        const upstream = await withSession(processor(), sample, (session) =>
          Promise.resolve(session.shapes.map((shape) => numbers(count(shape, {})))),
        );
        const expected = await withSession(processor(), sample, (session) => session.run(upstream));
        await withSession(other(), sample, async (session) => {
          const run = await session.run(upstream);
          expect(await session.run(upstream)).toEqual(run);
          expect(run.shapes).toEqual(expected.shapes);
          expected.outputs.forEach((output, i) => {
            expect(error(run.outputs[i] as Float32Array, output), `result ${i}`).toBeLessThan(GOLDEN);
          });
          for (const [name, gradient] of Object.entries(expected.gradients)) {
            expect(run.gradients[name]).toHaveLength(gradient.length);
            expect(error(run.gradients[name] as Float32Array, gradient), `gradient of ${name}`).toBeLessThan(
              GOLDEN,
            );
          }
        });
      });
    },
  );
}

describe('the samples', () => {
  it('hold every op that the engine exports, as golden and as differences', async () => {
    const names = (await exportedOps()).map(({ name }) => name).sort();
    const covered = (samples: readonly { sample: OpSample }[]): string[] =>
      [...new Set(samples.map(({ sample }) => sample.op.name))].sort();
    expect(names.length).toBeGreaterThan(15);
    expect(covered(goldenSamples)).toEqual(names);
    expect(covered(generatedSamples)).toEqual(names);
  });

  it('hold a golden gradient for every input that has one', () => {
    const compared = new Set(
      goldenSamples.flatMap(({ sample, gradients }) =>
        Object.keys(gradients).map((name) => `${sample.op.name}.${name}`),
      ),
    );
    const needed = new Set(
      goldenSamples.flatMap(({ sample }) =>
        differentiable(sample).map((name) => `${sample.op.name}.${name}`),
      ),
    );
    expect([...compared].sort()).toEqual([...needed].sort());
  });
});

/** Central differences of Σ upstream⊙result, added up in float64, entry by entry of one input. */
async function differences(
  session: OpSession,
  sample: OpSample,
  name: string,
  upstream: readonly (readonly number[])[],
): Promise<Float64Array> {
  const data = sample.inputs[name]?.data ?? [];
  const loss = async (entry: number, step: number): Promise<number> => {
    const moved = data.map((value, i) => (i === entry ? Math.fround(value + step) : value));
    const { outputs } = await session.run(upstream, { [name]: moved });
    const terms = outputs.flatMap((output, k) => [...output].map((y, i) => y * (upstream[k]?.[i] ?? 0)));
    return terms.reduce((total, term) => total + term, 0);
  };
  const slopes = new Float64Array(data.length);
  for (const [entry, value] of data.entries()) {
    const distance = Math.fround(value + STEP) - Math.fround(value - STEP);
    slopes[entry] = ((await loss(entry, STEP)) - (await loss(entry, -STEP))) / distance;
  }
  return slopes;
}

async function exportedOps(): Promise<AnyOp[]> {
  const ops: AnyOp[] = [];
  for (const folder of ['ops', 'losses']) {
    const url = new URL(`../../../engine/${folder}/`, import.meta.url);
    for (const file of readdirSync(url).filter((name) => name.endsWith('.ts'))) {
      const exported = (await import(new URL(file, url).href)) as Record<string, unknown>;
      ops.push(...Object.values(exported).filter(isOp));
    }
  }
  return ops;
}

function isOp(value: unknown): value is AnyOp {
  return typeof value === 'object' && value !== null && 'forward' in value && 'gradient' in value;
}
