import { beforeAll, describe, expect, it } from 'vitest';
import { webGpu } from '../../../engine/device/device.js';
import { predictTexts } from '../../../engine/inference/predict.js';
import type { ScorerOptions } from '../../../engine/inference/text-scorer.js';
import { openRuntime } from '../../../engine/runtime/open.js';
import { trainFold } from '../../../engine/training/fold.js';
import { noWebGpu, withoutWebGpu } from '../../setup/webgpu.js';
import { job, modelFolder, never, texts, useSmallFolds } from '../training/small-fold.js';

/** Of a probability: what is left is the order of sums. */
const TOLERANCE = 1e-6;

const asked = [...texts.slice(0, 8), 'GOOD, Cat!', '', 'good '.repeat(30).trim()];
const options: ScorerOptions = { maxLength: 32, threads: 1 };

useSmallFolds();

describe.skipIf(noWebGpu).each(['bert', 'deberta-v2'] as const)(
  `an exported %s on WebGPU${withoutWebGpu}`,
  (type) => {
    let folder: string;
    beforeAll(async () => {
      const outcome = await trainFold(job(type, {}, { epochs: 1 }), () => undefined, never);
      folder = modelFolder(outcome, `on-webgpu-${type}`);
    });

    it.each(['float32', 'float16'] as const)(
      'gives the processor’s probabilities in %s',
      async (precision) => {
        const { live } = openRuntime();
        const expected = await predictTexts(folder, asked, { ...options, precision });
        const found = await predictTexts(folder, asked, { ...options, precision, device: webGpu });
        expect(found.length).toBe(expected.length);
        const errors = found.map((value, place) => Math.abs(value - expected[place]!));
        expect(Math.max(...errors)).toBeLessThan(TOLERANCE);
        expect(await predictTexts(folder, asked, { ...options, precision, device: webGpu })).toEqual(found);
        expect(openRuntime().live).toEqual(live);
      },
      300_000,
    );
  },
);
