import { describe, expect, it } from 'vitest';
import { computed, declared, type Form } from '../../../engine/batches/batch-feature.js';
import { layoutOf, type BatchLayout } from '../../../engine/batches/batch-layout.js';
import { hostSizes, usedRows } from '../../../engine/batches/batch-sizes.js';
import { hostBatch, packedBatch, type Feed } from '../../../engine/batches/packed-features.js';
import { PaddedBatch } from '../../../engine/batches/padded-batch.js';
import { Graph } from '../../../engine/graph/graph.js';
import { toOnnx } from '../../../engine/graph/onnx.js';
import type { Classifier } from '../../../engine/models/family.js';
import { openRuntime } from '../../../engine/runtime/open.js';
import type { Tensor } from '../../../engine/runtime/runtime.js';
import { goldenClassifier, goldenModels } from '../models/golden-model.js';

const ragged = [1, 2, 2, 5, 9, 9].map((length, text) => Int32Array.from({ length }, (_, i) => 3 + text + i));

/** Three texts of seven tokens, none of them padded; one has the padding token within it. */
function alikeTexts({ positions: { skipped } }: Classifier): Int32Array[] {
  const texts = [0, 1, 2].map((text) => Int32Array.from({ length: 7 }, (_, i) => 3 + text + i));
  if (skipped !== null) texts[1]![3] = skipped;
  return texts;
}

/** What the exported graph computes of padded inputs, by the names that the features have as inputs. */
async function exportedValues(
  texts: readonly Int32Array[],
  classifier: Classifier,
): Promise<{ features: Record<string, number[]>; sizes: Record<string, number> }> {
  const graph = new Graph();
  const padded = new PaddedBatch(graph, classifier);
  const form = computed(padded);
  const names: string[] = [];
  const watched: Form = (feature) => {
    const values = form(feature);
    for (const [part, { name }] of Object.entries(feature.inputs)) {
      graph.output(name, values[part]!);
      names.push(name);
    }
    return values;
  };
  packedBatch(watched, classifier, 1);
  const sizes = Object.keys(hostSizes(layoutOf(texts, [whole(texts)]), classifier));
  for (const name of sizes) graph.output(`size:${name}`, graph.dim(name));
  const runtime = openRuntime();
  const session = await runtime.createSession(toOnnx(graph, 'features'), { threads: 1 });
  const [batch, length] = [texts.length, texts[0]!.length];
  const tensor = (numbers: readonly number[]): Tensor =>
    runtime.tensor('int64', [batch, length], BigInt64Array.from(numbers, BigInt));
  const given: Record<string, Tensor> = {
    input_ids: tensor(texts.flatMap((text) => [...text])),
    attention_mask: tensor(texts.flatMap((text) => [...text].map(() => 1))),
    token_type_ids: tensor(texts.flatMap((text) => [...text].map(() => 0))),
  };
  const feeds = Object.fromEntries(session.inputs.map((name) => [name, given[name]!]));
  const fetches = Object.fromEntries(session.outputs.map((name) => [name, null]));
  const results = await session.run(feeds, fetches);
  // Where the host feeds 0, −0 will do: it is added to.
  const numbersOf = (name: string): number[] =>
    Array.from(results[name]!.data as ArrayLike<bigint>, (value) => Number(value) + 0);
  const found = {
    features: Object.fromEntries(names.map((name) => [name, numbersOf(name)])),
    sizes: Object.fromEntries(sizes.map((name) => [name, numbersOf(`size:${name}`)[0]!])),
  };
  for (const each of [...Object.values(results), ...Object.values(given)]) each.release();
  session.release();
  return found;
}

const whole = (texts: readonly Int32Array[]): BatchLayout['groups'][number] => ({
  first: 0,
  batch: texts.length,
  length: Math.max(...texts.map(({ length }) => length)),
});

/** The exported table has a column for every bucket; and its last row is of no distance. */
function inUse(layout: BatchLayout, classifier: Classifier, [name, feed]: [string, Feed]): Feed['data'] {
  const { relativePositions } = classifier;
  if (relativePositions === null || !name.startsWith('spread.')) return feed.data;
  const { from, to } = usedRows(layout, relativePositions);
  const { rows } = relativePositions;
  const [height, width] = feed.shape as [number, number];
  const whole = new Float32Array((height - 1) * rows);
  for (let row = 0; row < height - 1; row++)
    whole.set(feed.data.subarray(row * width, (row + 1) * width) as Float32Array, row * rows + from);
  expect(width).toBe(to - from);
  return whole;
}

describe.each(goldenModels)('what %s takes of a batch', (model) => {
  const classifier = goldenClassifier(model);

  it.each([
    ['one group', [whole(ragged)]],
    [
      'two groups',
      [
        { first: 0, batch: 3, length: 2 },
        { first: 3, batch: 3, length: 9 },
      ],
    ],
  ])('is declared as it is fed, in %s', (_, groups) => {
    const graph = new Graph();
    packedBatch(declared(graph), classifier, groups.length);
    const { feeds, sizes } = hostBatch(layoutOf(ragged, groups), classifier);
    expect(Object.keys(feeds).sort()).toEqual(graph.inputs.map(({ name }) => name).sort());
    for (const { name, type, shape } of graph.inputs) {
      const fed = feeds[name]!;
      expect(fed.type, name).toBe(type);
      expect(fed.data, name).toBeInstanceOf(type === 'int64' ? BigInt64Array : Float32Array);
      expect(fed.shape, name).toEqual(shape.map((dim) => (typeof dim === 'number' ? dim : sizes[dim])));
      expect(fed.data, name).toHaveLength(fed.shape.reduce((product, dim) => product * dim, 1));
    }
  });

  it('is computed by the exported graph as the host feeds it', async () => {
    const texts = alikeTexts(classifier);
    const layout = layoutOf(texts, [whole(texts)]);
    const { feeds, sizes } = hostBatch(layout, classifier);
    const found = await exportedValues(texts, classifier);
    expect(Object.keys(found.features).sort()).toEqual(Object.keys(feeds).sort());
    // Without padding every token is in its place; but any token counts as a first one, of whose gradient nobody asks.
    const differing = new Set(['isFirst', 'tokenTypes']);
    for (const [name, feed] of Object.entries(feeds)) {
      if (differing.has(name)) continue;
      const expected = Array.from(inUse(layout, classifier, [name, feed]) as ArrayLike<bigint>, Number);
      expect(found.features[name]!.slice(0, expected.length), name).toEqual(expected);
    }
    if (classifier.tokenTypes !== 'absent')
      expect(new Set(found.features['tokenTypes'])).toEqual(new Set([0]));
    const buckets = classifier.relativePositions?.rows ?? 0;
    const everyBucket = { bucketFrom: 0, bucketTo: buckets, buckets, bucketsAfter: 0 };
    expect(found.sizes).toEqual({ ...sizes, ...(buckets === 0 ? {} : everyBucket) });
  });
});
