import { describe, expect, it, vi } from 'vitest';
import type { Device } from '../../../engine/device/device.js';
import type { StepBatch, StepSettings, TrainingState } from '../../../engine/device/training-state.js';
import type { Graph, Node, Value } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import type { ComputePrecision } from '../../../engine/precision/precision.js';
import { trainFold } from '../../../engine/training/fold.js';
import type { FoldOutcome } from '../../../engine/training/job.js';
import { foldBounds, foldDistance, isWithin, type FoldDistance } from './fold-distance.js';
import { job, never, useSmallFolds } from './small-fold.js';

/** How the processor computes otherwise than it does. */
interface Otherwise {
  readonly graph?: (graph: Graph) => void;
  readonly step?: (settings: StepSettings) => StepSettings;
  readonly batch?: (batch: StepBatch) => StepBatch;
  readonly precision?: ComputePrecision;
}

const processor = vi.hoisted((): { otherwise: Otherwise } => ({ otherwise: {} }));

vi.mock(import('../../../engine/precision/choice.js'), () => ({
  precisionOn: () => processor.otherwise.precision ?? 'float32',
}));

vi.mock(import('../../../engine/device/open.js'), async (original) => {
  const { openDevice } = await original();
  return { openDevice: async (...given) => computing(await openDevice(...given)) };
});

function computing(device: Device): Device {
  const { graph: rewrite, step = same, batch = same } = processor.otherwise;
  const compile: Device['compile'] = (program, options) => {
    const graph = program.graph.copy();
    rewrite?.(graph);
    return device.compile({ ...program, graph }, options);
  };
  const own: Device = Object.assign(Object.create(device) as Device, { compile });
  const train: Device['train'] = async (options) => {
    const state = await device.train.call(own, options);
    const stepped: TrainingState['step'] = (batches, settings, ...rest) =>
      state.step(batches.map(batch), step(settings), ...rest);
    return Object.assign(Object.create(state) as TrainingState, { step: stepped });
  };
  return Object.assign(own, { train });
}

const same = <T>(given: T): T => given;

/** Nodes that round nothing. */
const moves = new Set(
  ['Cast', 'Concat', 'Expand', 'Gather', 'Pad', 'Reshape'].concat('Slice', 'Split', 'Transpose', 'Where'),
);

/** Has every result rounded three times more: multiplied by a factor of its own, and by its inverse. */
function roundedAnew(seed: number): (graph: Graph) => void {
  return (graph) => {
    for (const [place, former] of graph.nodes.splice(0).entries()) {
      const rounds = !moves.has(former.op) && former.outputs.every(({ type }) => type === 'float32');
      if (!rounds) {
        graph.nodes.push(former);
        continue;
      }
      const factor = 1.1 + ((Math.sin(seed * 78.233 + place * 12.9898) + 1) / 2) * 0.8;
      const outputs = former.outputs.map((value) => ({ ...value, name: `first:${value.name}` }));
      graph.nodes.push({ ...former, outputs });
      former.outputs.forEach((value, output) => {
        const larger = node.mul(graph, outputs[output]!, graph.constant('float32', [], [factor]));
        const inputs = [larger, graph.constant('float32', [], [1 / factor])];
        graph.nodes.push({ op: 'Mul', domain: '', inputs, outputs: [value], attributes: {} });
      });
    }
  };
}

/** Has products take numbers of 11 binary digits, as TF32 does. */
function inTf32(graph: Graph): void {
  // Veltkamp: of x·(2¹³ + 1) the upper half.
  const rounded = (value: Value): Value => {
    const larger = node.mul(graph, value, graph.constant('float32', [], [2 ** 13 + 1]));
    return node.sub(graph, larger, node.sub(graph, larger, value));
  };
  const isProduct = ({ op }: Node): boolean => op === 'MatMul' || op === 'FusedMatMul' || op === 'Gemm';
  for (const former of graph.nodes.splice(0)) {
    if (!isProduct(former)) {
      graph.nodes.push(former);
      continue;
    }
    const [a, b, ...rest] = former.inputs as Value[];
    const inputs = [rounded(a!), rounded(b!), ...rest];
    graph.nodes.push({ ...former, inputs });
  }
}

const withoutBiasCorrection = (settings: StepSettings): StepSettings => ({
  ...settings,
  number: settings.number + 100_000,
});

/** The first mask of each run, drawn by another key. */
const withAnotherMask = (batch: StepBatch): StepBatch => ({
  ...batch,
  inputs: () => batch.inputs(),
  masks: (pass) =>
    batch
      .masks(pass)
      .map((mask, place) => (place === 0 ? { ...mask, key: [mask.key[0] ^ 1, mask.key[1]] as const } : mask)),
});

useSmallFolds();

async function trained(
  type: 'bert' | 'deberta-v2',
  learningRate: number,
  otherwise: Otherwise = {},
): Promise<FoldOutcome> {
  processor.otherwise = otherwise;
  return trainFold(job(type, {}, { learningRate }), () => undefined, never);
}

const share = ({ loss, probability }: FoldDistance, of: number): FoldDistance => ({
  loss: of * loss,
  probability: of * probability,
});

describe.each(['bert', 'deberta-v2'] as const)('two folds of a %s', { timeout: 300_000 }, (type) => {
  const { learningRate, most } = foldBounds.float32;

  it('are a quarter as far apart as they may be where every result is rounded anew, and not the same', async () => {
    const expected = await trained(type, learningRate);
    for (const seed of [1, 2, 3]) {
      const found = await trained(type, learningRate, { graph: roundedAnew(seed) });
      const distance = foldDistance(found, expected);
      expect(distance.loss).toBeGreaterThan(0);
      expect(isWithin(distance, share(most, 1 / 4))).toBe(true);
    }
  });

  it.each([
    ['products are in TF32', { graph: inTf32 }],
    ['a dropout mask is drawn otherwise', { batch: withAnotherMask }],
    ['AdamW corrects no bias', { step: withoutBiasCorrection }],
    [
      'the learning rate is off by a thousandth',
      { step: (given: StepSettings) => ({ ...given, learningRate: given.learningRate * 1.001 }) },
    ],
    ['products are in float16', { precision: 'float16' }],
  ] as const)('are too far apart where %s', async (_, fault: Otherwise) => {
    const expected = await trained(type, learningRate);
    const distance = foldDistance(await trained(type, learningRate, fault), expected);
    expect(isWithin(distance, most)).toBe(false);
  });

  it.each(['float16', 'bfloat16'] as const)(
    'are a quarter as far apart as they may be where one is in %s, and too far apart where its masks are others',
    async (precision) => {
      const { learningRate, most } = foldBounds[precision];
      const expected = await trained(type, learningRate);
      const found = await trained(type, learningRate, { precision });
      expect(isWithin(foldDistance(found, expected), share(most, 1 / 4))).toBe(true);
      const faulty = await trained(type, learningRate, { precision, batch: withAnotherMask });
      expect(isWithin(foldDistance(faulty, expected), most)).toBe(false);
    },
  );
});
