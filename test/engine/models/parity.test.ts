import { afterAll, describe, expect, it } from 'vitest';
import { modelBytes } from '../../../engine/device/program.js';
import { openRuntime } from '../../../engine/runtime/open.js';
import type { Tensor } from '../../../engine/runtime/runtime.js';
import { packBatch } from '../../../engine/inference/batch.js';
import { inferenceGraph } from '../../../engine/inference/graphs.js';
import { trainingGraph } from '../../../engine/training/graphs.js';
import type { GoldenBatch } from './golden-model.js';
import { goldenClassifier, goldenJson, goldenModels, goldenPadding, goldenTensors } from './golden-model.js';

const runtime = openRuntime();
const held: Tensor[] = [];
const float = (shape: readonly number[], data: Float32Array): Tensor =>
  keep(runtime.tensor('float32', shape, data));
const keep = (tensor: Tensor): Tensor => (held.push(tensor), tensor);
afterAll(() => held.forEach((tensor) => tensor.release()));

/** Float32 rounding over a few layers; PyTorch's own float32 run is as far from its float64 one. */
const LOGITS = 5e-6;
/** Of the tensor's largest entry. */
const GRADIENTS = 2e-5;

async function run(
  model: string,
  batch: Pick<GoldenBatch, 'tokens' | 'labels'>,
  allowedGroups: 1 | 2,
  training: boolean,
) {
  const classifier = goldenClassifier(model);
  const weights = await goldenTensors(model, 'model.safetensors');
  const packed = packBatch(
    batch.tokens.map((ids) => Int32Array.from(ids)),
    classifier,
    allowedGroups,
  );
  const options = { groups: packed.groups.length, vocabulary: classifier.vocabulary };
  const graph = training
    ? trainingGraph(classifier, { ...options, loss: 'binaryCrossEntropy', dropout: false })
    : inferenceGraph(classifier, options);
  const session = await runtime.createSession(modelBytes(graph), { threads: 2 });
  const feeds: Record<string, Tensor> = {};
  for (const { name, shape } of graph.parameters)
    feeds[name] = float(shape, weights.get(name) as Float32Array);
  for (const [name, feed] of Object.entries(packed.feeds)) {
    if (session.inputs.includes(name)) feeds[name] = keep(runtime.tensor(feed.type, feed.shape, feed.data));
  }
  for (const dim of graph.dims) {
    feeds[`dim:${dim}`] = keep(
      runtime.tensor('int64', [1], BigInt64Array.of(BigInt(packed.sizes[dim] as number))),
    );
  }
  if (training) {
    const targets = Float32Array.from(packed.order.flatMap((text) => batch.labels[text] as number[]));
    feeds['targets'] = float([batch.labels.length, 5], targets);
  }
  const results = await session.run(feeds, Object.fromEntries(session.outputs.map((name) => [name, null])));
  Object.values(results).forEach(keep);
  session.release();
  return { results, packed, graph, feeds };
}

describe.each(goldenModels)('%s equals transformers', (model) => {
  const { batches } = goldenJson<{ batches: Record<string, GoldenBatch> }>(model, 'cases.json');

  it.each(Object.keys(batches).flatMap((name) => [[name, 1] as const, [name, 2] as const]))(
    'logits of batch %s, texts in up to %i groups',
    async (name, groups) => {
      const batch = batches[name] as GoldenBatch;
      const { results, packed } = await run(model, batch, groups, false);
      const logits = results['logits']?.data as Float32Array;
      packed.order.forEach((text, place) => {
        (batch.float64.logits[text] as number[]).forEach((expected, label) => {
          expect(
            Math.abs((logits[place * 5 + label] as number) - expected),
            `text ${text} label ${label}`,
          ).toBeLessThan(LOGITS);
        });
      });
    },
  );

  it.each(Object.keys(batches).flatMap((name) => [[name, 1] as const, [name, 2] as const]))(
    'loss and every gradient of batch %s, texts in up to %i groups',
    async (name, groups) => {
      const batch = batches[name] as GoldenBatch;
      const { results, graph, feeds } = await run(model, batch, groups, true);
      expect((results['loss']?.data as Float32Array)[0]).toBeCloseTo(batch.float64.loss, 5);
      const expected = await goldenTensors(model, batch.gradients);
      const worst = { name: '', error: 0 };
      for (const { name: parameter, shape } of graph.parameters) {
        const truth = expected.get(parameter) as Float32Array;
        const ours = gradientOf(parameter, shape, results, feeds, graph);
        const noise = batch.zeroGradients.includes(parameter);
        const scale = noise
          ? batch.largestGradient
          : Math.max(...truth.map(Math.abs), 1e-3 * batch.largestGradient);
        const error = Math.max(...truth.map((value, i) => Math.abs(value - (ours[i] as number)))) / scale;
        if (!(error <= worst.error)) Object.assign(worst, { name: parameter, error });
      }
      expect(worst.error, `worst tensor: ${worst.name}`).toBeLessThan(GRADIENTS);
      expect([...expected.keys()].sort()).toEqual(graph.parameters.map((parameter) => parameter.name).sort());
    },
  );
});

describe.each(goldenModels.filter((model) => goldenPadding(model) !== null))('%s', (model) => {
  it('counts a padding token that stands in a text itself as transformers does', async () => {
    const { tokens, logits: expected } = goldenPadding(model) as NonNullable<
      ReturnType<typeof goldenPadding>
    >;
    const { results, packed } = await run(model, { tokens, labels: [] }, 1, false);
    const logits = results['logits']?.data as Float32Array;
    packed.order.forEach((text, place) => {
      expected[text]?.forEach((value, label) => {
        expect(Math.abs((logits[place * 5 + label] as number) - value)).toBeLessThan(LOGITS);
      });
    });
  });
});

/** The dense gradient of a parameter; rows of a table are added up here. */
function gradientOf(
  name: string,
  shape: readonly number[],
  results: Record<string, Tensor>,
  feeds: Record<string, Tensor>,
  graph: object,
): Float32Array {
  const tables = (graph as ReturnType<typeof trainingGraph>).tables;
  const table = tables.find((entry) => entry.name === name);
  if (table === undefined) return results[`gradient:${name}`]?.data as Float32Array;
  const width = shape[1] as number;
  const sum = new Float32Array((shape[0] as number) * width);
  const rows = results[table.rows]?.data as Float32Array;
  (feeds[table.ids]?.data as BigInt64Array).forEach((id, row) => {
    for (let i = 0; i < width; i++) {
      sum[Number(id) * width + i] =
        (sum[Number(id) * width + i] as number) + (rows[row * width + i] as number);
    }
  });
  return sum;
}
