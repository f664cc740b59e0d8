import { describe, expect, it } from 'vitest';
import type { Device } from '../../../../engine/device/device.js';
import { programOf } from '../../../../engine/device/program.js';
import { gradientProgram } from '../../../../engine/device/resident/gradient-program.js';
import { Packing, packSizes } from '../../../../engine/device/resident/packing.js';
import type { OptimizedParameter, TrainingProgram } from '../../../../engine/device/training-program.js';
import { useCudaOperators } from '../../../../engine/graph/cuda-operators.js';
import { Graph, type Value } from '../../../../engine/graph/graph.js';
import * as node from '../../../../engine/graph/nodes.js';
import { opened } from '../../../setup/opened-device.js';
import { residentOnProcessor } from '../../../setup/resident-on-processor.js';
import { goldenBatches, goldenModels } from '../../models/golden-model.js';
import { goldenTrainer } from '../golden-trainer.js';
import { contentOf } from '../weights.js';

const group = { trained: true, decay: true, rateShare: 1, perturbed: false };

/** Parameters of one shape, of which some are cast, and some have gradients that are. */
function recorded(uses: readonly ('cast' | 'wide' | 'both')[]): TrainingProgram {
  const graph = new Graph();
  const halves = (value: Value): Value => node.add(graph, value, value);
  const parameters: OptimizedParameter[] = uses.map((_, place) => ({ name: `p${place}`, shape: [4], group }));
  const gradients = parameters.map(({ name, shape }, place) => {
    const weight = graph.input(name, 'float32', shape);
    const output = `gradient:${name}`;
    const cast = uses[place] === 'wide' ? null : halves(node.cast(graph, weight, 'float16'));
    const wide = uses[place] === 'cast' ? null : node.add(graph, weight, weight);
    const back = cast && node.cast(graph, cast, 'float32');
    graph.output(output, back === null ? wide! : wide === null ? back : node.add(graph, back, wide));
    return { parameter: name, output };
  });
  graph.output('loss', graph.input('none', 'float32', []));
  return { ...programOf(graph, 'few'), parameters, gradients, dropoutSites: [], tables: [] };
}

/** How many casts it has, as it is lowered for CUDA. */
function castsOf(program: TrainingProgram): number {
  const { graph } = gradientProgram(program, new Packing(program.parameters, packSizes.cuda), 32);
  const lowered = graph.copy();
  useCudaOperators(lowered);
  return lowered.nodes.filter(({ op }) => op === 'Cast').length;
}

describe('a stack', () => {
  it('is cast once where its members are, and so are their gradients', () => {
    expect(castsOf(recorded(['cast', 'cast', 'cast', 'cast', 'cast']))).toBe(2);
  });

  it('is cast once where some members are, and each gradient by itself where not all are', () => {
    expect(castsOf(recorded(['cast', 'wide', 'cast', 'cast', 'wide']))).toBe(1 + 3);
    expect(castsOf(recorded(['both', 'both', 'both']))).toBe(1 + 3);
  });

  it('is not cast for two members', () => {
    expect(castsOf(recorded(['cast', 'wide', 'cast', 'wide']))).toBe(2 + 2);
  });
});

/** What a step leaves of a state. Nothing is clipped: the norm's bits depend on the order in which it is added up. */
async function stepped(
  device: Device,
  model: string,
  precision: 'float16' | 'bfloat16',
): Promise<Map<string, Float32Array>> {
  const optimizer = { weightDecay: 0.01, maxGradNorm: 1e9 };
  const trainer = await goldenTrainer(device, model, { precision, optimizer, lossScale: null });
  const { tokens, labels } = Object.values(goldenBatches(model))[0]!;
  const texts = tokens.map((ids) => Int32Array.from(ids));
  await trainer.step(texts, labels, 1e-3, 0, [7, 1]);
  const content = await contentOf(trainer.state);
  await trainer.close();
  return content;
}

describe('a step of stacks in two bytes', { timeout: 120_000 }, () => {
  const stacks = opened(() => residentOnProcessor(1));
  const alone = opened(() => residentOnProcessor(1, { sizes: { ...packSizes.cuda, mostOfMember: 0 } }));

  it.each([
    ...goldenModels.map((model) => [model, 'float16'] as const),
    ...['deberta-v3', 'modernbert-1'].map((model) => [model, 'bfloat16'] as const),
  ])('gives %s in %s the bits that its parameters have by themselves', async (model, precision) => {
    const expected = await stepped(alone(), model, precision);
    const found = await stepped(stacks(), model, precision);
    expect([...found.keys()]).toEqual([...expected.keys()]);
    for (const [name, values] of expected)
      expect(Buffer.from(found.get(name)!.buffer).equals(Buffer.from(values.buffer)), name).toBe(true);
  });
});
