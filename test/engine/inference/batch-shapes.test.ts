import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../../../engine/checkpoint/safetensors.js';
import { CpuDevice } from '../../../engine/device/cpu/device.js';
import { packBatch } from '../../../engine/inference/batch.js';
import { fewShapes, type BatchShapes } from '../../../engine/inference/batch-shapes.js';
import { ofTokens } from '../../../engine/inference/batching.js';
import { ClassifierRun } from '../../../engine/inference/classifier-run.js';
import { constantWeights, type ConstantWeights } from '../../../engine/inference/constant-weights.js';
import { parametersOf } from '../../../engine/inference/parameters.js';
import { windowed } from '../../../engine/inference/reading.js';
import { uniform } from '../../../engine/kernels/philox.js';
import type { Classifier } from '../../../engine/models/family.js';
import { goldenBatches, goldenClassifier, goldenModels, goldenPath } from '../models/golden-model.js';

/** The same products, of more rows: rounding of float32 over a few layers. */
const TOLERANCE = 1e-6;

const device = new CpuDevice(1);

/** Of lengths as a table has them: most texts are short, few are long. */
function lengthsOf(count: number, longest: number): number[] {
  return Array.from({ length: count }, (_, text) => {
    const [draw = 0] = uniform(1, [11, 0], [text, 0, 0]);
    return 2 + Math.floor((longest - 1) * draw ** 4);
  });
}

const textsOf = (lengths: readonly number[]): Int32Array[] =>
  lengths.map((length, text) => Int32Array.from({ length }, (_, place) => 3 + ((text * 7 + place * 5) % 20)));

async function weightsOf(model: string, classifier: Classifier): Promise<ConstantWeights> {
  const reader = await openSafetensors(goldenPath(model, 'model.safetensors'));
  const names = parametersOf(classifier).map(({ name }) => name);
  return constantWeights(reader, names).finally(() => reader.close());
}

describe.each(goldenModels)('%s in batches that are filled up', (model) => {
  const classifier = goldenClassifier(model);
  const golden = Object.values(goldenBatches(model)).flatMap(({ tokens }) => tokens);
  const texts = [...golden.map((text) => Int32Array.from(text)), ...textsOf(lengthsOf(25, 12))];

  it.each([
    ['one batch', null, 4096],
    ['many batches', null, 48],
    ['windows', { length: 6, overlap: 2 }, 60],
  ] as const)('gives the logits of batches that are not, of %s', async (_, windows, tokens) => {
    const read = windowed(classifier, windows);
    const asked = texts.filter((text) => text.length > 2);
    const weights = await weightsOf(model, classifier);
    const logits = async (shapes?: BatchShapes): Promise<Float32Array> => {
      const batching = ofTokens(tokens, shapes?.length);
      const shared = { device, classifier: read, vocabulary: classifier.vocabulary, weights, batching };
      const run = new ClassifierRun({ ...shared, ...(shapes && { shapes }) });
      return run.logits(asked).finally(() => run.release());
    };
    const [expected, found] = [await logits(), await logits(fewShapes(tokens, windows?.length ?? 512))];
    expect(found.length).toBe(expected.length);
    const errors = Array.from(found, (value, place) => Math.abs(value - expected[place]!));
    expect(Math.max(...errors)).toBeLessThan(TOLERANCE);
  });
});

describe('the shapes of ten thousand texts', () => {
  const classifier = goldenClassifier('deberta-v2');
  const lengths = lengthsOf(10_000, 255).sort((a, b) => a - b);
  const texts = textsOf(lengths);

  const measured = (shapes: BatchShapes | null) => {
    let first = 0;
    let [rows, batches] = [0, 0];
    const found = new Set<string>();
    for (const end of ofTokens(2048, shapes?.length)(lengths)) {
      const { sizes } = packBatch(texts.slice(first, end), classifier, shapes ?? 1);
      found.add(JSON.stringify(sizes));
      rows += sizes['tokens']!;
      batches++;
      first = end;
    }
    return { shapes: found.size, batches, rows };
  };

  it('are as many as batches where they are as they are, and few where they are filled up', () => {
    const [plain, filled] = [measured(null), measured(fewShapes(2048, 256))];
    expect(plain.shapes).toBeGreaterThan(0.9 * plain.batches);
    expect(filled.shapes).toBeLessThan(40);
    expect(filled.rows).toBeLessThan(1.25 * plain.rows);
  });

  it('hold as much as a batch may have, however long its texts are', () => {
    const shapes = fewShapes(2048, 300);
    for (let length = 1; length <= 300; length++) {
      const { batch, length: padded } = shapes.of({ first: 0, batch: 1, length });
      expect([batch, padded >= length, padded <= 300]).toEqual([1, true, true]);
      const full = Math.floor(2048 / padded);
      const { batch: filled } = shapes.of({ first: 0, batch: full, length });
      expect(filled).toBe(full);
    }
    // A text that is longer than any should be is scored as it is.
    expect(shapes.of({ first: 0, batch: 1, length: 4000 })).toEqual({ first: 0, batch: 1, length: 4000 });
    // More windows than a batch should have.
    expect(shapes.of({ first: 0, batch: 300, length: 16 })).toEqual({ first: 0, batch: 512, length: 16 });
  });
});
