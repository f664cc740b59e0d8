import { describe, expect, it } from 'vitest';
import { gradients } from '../../../engine/autodiff/gradients.js';
import type { Device } from '../../../engine/device/device.js';
import { programOf } from '../../../engine/device/program.js';
import { packBatch, type HostBatch } from '../../../engine/inference/batch.js';
import { forwardPass } from '../../../engine/inference/graphs.js';
import { uniform } from '../../../engine/kernels/philox.js';
import { trainedLoss } from '../../../engine/losses/trained-loss.js';
import type { Session, Tensor, Value } from '../../../engine/runtime/runtime.js';
import { onProcessor, otherDevices } from '../../setup/devices.js';
import { opened } from '../../setup/opened-device.js';
import {
  goldenBatches,
  goldenClassifier,
  goldenModels,
  goldenTensors,
  type GoldenBatch,
} from './golden-model.js';

/** Of the loss. */
const LOSS = 1e-5;
/** Of the largest entry of a gradient, or of a thousandth of the largest of all: as far as PyTorch's float32 may be. */
const GRADIENTS = 2e-5;

/** Of logits, as on the processor. */
const LOGITS = 5e-6;

/** The goldens have none. */
const dropout = { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 };

type Outputs = ReadonlyMap<string, Float32Array>;

interface Step {
  /** The loss, and the gradients of parameters and of looked-up rows, by name. */
  run(): Promise<Outputs>;
  release(): void;
}

/** Loss, gradients and dropout of a golden model over one of its batches. */
async function trainingStep(
  device: Device,
  model: string,
  batch: GoldenBatch,
  checkpointing: boolean,
): Promise<Step> {
  const classifier = goldenClassifier(model, dropout);
  const packed = packBatch(
    batch.tokens.map((ids) => Int32Array.from(ids)),
    classifier,
    2,
  );
  const shape = { groups: packed.groups.length, vocabulary: classifier.vocabulary };
  const { graph, tape, model: built, draws } = forwardPass(classifier, shape, { samples: 1 });
  const targets = graph.input('targets', 'float32', ['texts', classifier.labels]);
  const loss = trainedLoss(tape, 'binaryCrossEntropy', { draws, targets, twins: null });
  graph.output('loss', loss);
  const values = built.parameters.map(({ value }) => value);
  const rows = new Set<string>();
  for (const [name, gradient] of gradients(tape, loss, values, { checkpointing })) {
    if (gradient.kind === 'dense') graph.output(`gradient:${name}`, gradient.value);
    else if (!rows.has(gradient.rows.name)) {
      rows.add(gradient.rows.name);
      graph.output(`rows:${name}`, gradient.rows);
    }
  }
  const session = await device.compile(programOf(graph, `${model}-training`));
  const feeds: Record<string, Tensor> = {};
  const float = (name: string, extents: readonly number[], data: Float32Array): void => {
    feeds[name] = device.tensor('float32', extents, data);
  };
  const weights = await goldenTensors(model, 'model.safetensors');
  for (const { name, shape: extents } of built.parameters) {
    float(name, extents, weights.get(name) as Float32Array);
  }
  built.dropoutSites.forEach(({ name, shape: dims, probability }, site) => {
    const extents = dims.map((dim) => sizeOf(packed, dim));
    const draw = uniform(
      extents.reduce((a, b) => a * b, 1),
      [1, 0],
      [site, 0, 0],
    );
    float(
      name,
      extents,
      Float32Array.from(draw, (u) => (u < probability ? 0 : 1 / (1 - probability))),
    );
  });
  float(
    'targets',
    [batch.tokens.length, classifier.labels],
    Float32Array.from(packed.order.flatMap((text) => batch.labels[text] as number[])),
  );
  Object.assign(feeds, batchFeeds(device, session, packed));
  const fed = Object.fromEntries(session.inputs.map((name) => [name, feeds[name] as Tensor]));
  const fetched = Object.fromEntries(session.outputs.map((name) => [name, null]));
  return {
    run: async () => {
      const results = Object.entries(await session.run(fed, fetched));
      const outputs = results.map(
        ([name, { data }]) => [name, Float32Array.from(data as Float32Array)] as const,
      );
      for (const [, tensor] of results) tensor.release();
      return new Map(outputs);
    },
    release: () => {
      session.release();
      for (const tensor of Object.values(feeds)) tensor.release();
    },
  };
}

/** What a graph takes of a packed batch: its arrays and its named sizes. */
function batchFeeds(device: Device, session: Session, packed: HostBatch): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const [name, { type, shape, data }] of Object.entries(packed.feeds)) {
    if (session.inputs.includes(name)) feeds[name] = device.tensor(type, shape, data);
  }
  for (const name of session.inputs.filter((input) => input.startsWith('dim:'))) {
    const size = BigInt64Array.of(BigInt(sizeOf(packed, name.slice('dim:'.length))));
    feeds[name] = device.tensor('int64', [1], size);
  }
  return feeds;
}

function sizeOf(batch: HostBatch, dim: number | string): number {
  return typeof dim === 'number' ? dim : (batch.sizes[dim] as number);
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

async function stepsOf<T>(
  device: Device,
  use: (step: Step) => Promise<T>,
  ...what: [string, GoldenBatch, boolean]
): Promise<T> {
  const step = await trainingStep(device, ...what);
  try {
    return await use(step);
  } finally {
    step.release();
  }
}

/** The largest error of a gradient, and whose it is. */
function worstOf(
  found: Outputs,
  expected: Outputs,
  zeroGradients: readonly string[],
): { name: string; error: number } {
  const dense = [...expected].filter(([key]) => key !== 'loss');
  const most = Math.max(...dense.map(([, values]) => largest(values)));
  const worst = { name: '', error: 0 };
  for (const [key, truth] of dense) {
    const ours = found.get(key)!;
    // A gradient that is 0 but for rounding is as large as the rounding of the others.
    const noise = zeroGradients.includes(key.slice('gradient:'.length));
    const scale = noise ? most : Math.max(largest(truth), 1e-3 * most);
    const error = largest(truth.map((value, i) => value - ours[i]!)) / scale;
    if (!(error <= worst.error)) Object.assign(worst, { name: key, error });
  }
  return worst;
}

describe.each(otherDevices)('a model on $title', { timeout: 300_000 }, ({ missing, open }) => {
  const [processor, device] = [opened(() => onProcessor.open(1)), opened(() => open(1))];

  // Few: a driver in software compiles each shader of each shape anew, which takes longer than all the rest.
  const cases: [model: string, batch: string, checkpointing: boolean][] = [
    ['bert', 'one_token', false],
    ['bert', 'odd', true],
    ['deberta-v3', 'odd', false],
  ];
  it.skipIf(missing).each(cases)(
    'in a whole training graph gives the processor’s loss and gradients, twice with the same bits: %s, batch %s, layers computed again: %s',
    async (model, name, checkpointing) => {
      const batch = goldenBatches(model)[name] as GoldenBatch;
      const what: [string, GoldenBatch, boolean] = [model, batch, checkpointing];
      const expected = await stepsOf(processor(), (step) => step.run(), ...what);
      await stepsOf(
        device(),
        async (step) => {
          const outputs = await step.run();
          expect(await step.run()).toEqual(outputs);
          expect([...outputs.keys()].sort()).toEqual([...expected.keys()].sort());
          expect(outputs.size).toBeGreaterThan(20);
          const [loss, right] = [outputs.get('loss')![0]!, expected.get('loss')![0]!];
          expect(Math.abs(loss - right) / right).toBeLessThan(LOSS);
          const worst = worstOf(outputs, expected, batch.zeroGradients);
          expect(worst.error, `worst: ${worst.name}`).toBeLessThan(GRADIENTS);
        },
        ...what,
      );
    },
  );

  it.skipIf(missing).each(goldenModels)(
    'has a kernel there for every node of its training graph, those of sizes apart: %s',
    async (model) => {
      const [batch] = Object.values(goldenBatches(model));
      const step = await trainingStep(device(), model, batch!, true);
      step.release();
    },
  );

  it.skipIf(missing)(
    'whose weights lie there gives transformers’ logits for batch after batch, and all is given back',
    async () => {
      const before = device().live;
      const classifier = goldenClassifier('bert');
      const { graph, model, draws } = forwardPass(classifier, {
        groups: 1,
        vocabulary: classifier.vocabulary,
      });
      graph.output('logits', draws[0]!);
      const session = await device().compile(programOf(graph, 'bert-inference'));
      const weights = await goldenTensors('bert', 'model.safetensors');
      const resident: Record<string, Value> = {};
      for (const { name, shape } of model.parameters) {
        resident[name] = await device().allocate('float32', shape);
        await device().upload(weights.get(name) as Float32Array, resident[name]);
      }
      for (const name of ['odd', 'one_token']) {
        const { tokens, float64 } = goldenBatches('bert')[name] as GoldenBatch;
        const packed = packBatch(
          tokens.map((ids) => Int32Array.from(ids)),
          classifier,
          1,
        );
        const feeds = batchFeeds(device(), session, packed);
        const { logits } = await session.run({ ...resident, ...feeds }, { logits: null });
        packed.order.forEach((text, place) => {
          float64.logits[text]!.forEach((expected, label) => {
            const ours = logits!.data[place * classifier.labels + label] as number;
            expect(Math.abs(ours - expected), `text ${text}, label ${label}`).toBeLessThan(LOGITS);
          });
        });
        for (const tensor of [...Object.values(feeds), logits!]) tensor.release();
      }
      for (const value of [session, ...Object.values(resident)]) value.release();
      expect(device().live).toEqual(before);
    },
  );
});
