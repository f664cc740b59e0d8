import { beforeAll, describe, expect, it } from 'vitest';
import { predictTexts } from '../../../engine/inference/predict.js';
import type { ScorerOptions } from '../../../engine/inference/text-scorer.js';
import { trainFold } from '../../../engine/training/fold.js';
import { InputFault } from '../../../errors/fault.js';
import { otherDevices } from '../../setup/devices.js';
import { opened } from '../../setup/opened-device.js';
import { job, modelFolder, never, texts, useSmallFolds } from '../training/small-fold.js';

/** Of a probability: what is left is the order of sums. */
const TOLERANCE = 1e-6;
/** Of one whose products are in float16. */
const HALF_TOLERANCE = 2e-3;

const asked = [...texts.slice(0, 8), 'GOOD, Cat!', '', 'good '.repeat(30).trim()];
const options: ScorerOptions = { maxLength: 32, threads: 1 };

useSmallFolds();

const cases = otherDevices.flatMap((device) =>
  (['bert', 'deberta-v2'] as const).map((type) => ({ ...device, type })),
);

describe.each(cases)('an exported $type on $title', ({ type, name, missing, open }) => {
  const device = opened(() => open(1));
  let folder: string;
  beforeAll(async () => {
    const outcome = await trainFold(job(type, {}, { epochs: 1 }), () => undefined, never);
    folder = modelFolder(outcome, `on-${name.replace(':', '-')}-${type}`);
  });

  it.skipIf(missing).each(['float32', 'float16'] as const)(
    'gives the processor’s probabilities in %s',
    async (precision) => {
      const { live } = device();
      const expected = await predictTexts(folder, asked, { ...options, precision });
      const found = await predictTexts(folder, asked, { ...options, precision, device: name });
      expect(found.length).toBe(expected.length);
      const errors = found.map((value, place) => Math.abs(value - expected[place]!));
      expect(Math.max(...errors)).toBeLessThan(TOLERANCE);
      expect(await predictTexts(folder, asked, { ...options, precision, device: name })).toEqual(found);
      expect(device().live).toEqual(live);
    },
    300_000,
  );

  it.skipIf(missing)(
    'computes in float16 where it is told to, near float32 and twice with the same bits',
    async () => {
      const half = { ...options, device: name, computedIn: 'float16' } as const;
      const exact = await predictTexts(folder, asked, options);
      const found = await predictTexts(folder, asked, half);
      const errors = found.map((value, place) => Math.abs(value - exact[place]!));
      expect(Math.max(...errors)).toBeLessThan(HALF_TOLERANCE);
      expect(found).not.toEqual(exact);
      expect(await predictTexts(folder, asked, half)).toEqual(found);
    },
    300_000,
  );
});

describe('products of 8 bits', () => {
  it.each(['webgpu', 'cuda:0'] as const)('are refused on %s before anything is looked at', async (device) => {
    const asked = predictTexts('/nowhere', [], { ...options, precision: 'int8', device });
    await expect(asked).rejects.toThrow(InputFault);
    await expect(asked).rejects.toThrow(
      `device ${device}: it has no kernels for products of 8 bits; expected int8 on the processor (cpu), or float32`,
    );
  });
});
