import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { toOnnx } from '../../../engine/graph/onnx.js';
import { selectRowsEarly } from '../../../engine/graph/row-selection.js';
import { forwardPass } from '../../../engine/inference/graphs.js';
import { openRuntime } from '../../../engine/runtime/open.js';
import { goldenClassifier } from '../models/golden-model.js';

const weight = (g: Graph, name: string, dims: readonly number[]): Value => {
  const count = dims.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: count }, (_, i) => Math.sin(i + name.length));
  return g.initializer(name, 'float32', dims, new Uint8Array(data.buffer));
};

/** Rows x, mixed with one another as attention mixes them, then a layer of rows with a shortcut. */
function made(): { graph: Graph; index: Value } {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['tokens', 4]);
  const mix = graph.input('mix', 'float32', ['tokens', 'tokens']);
  const index = graph.input('index', 'int64', ['texts']);
  const back = graph.input('back', 'int64', ['tokens']);
  const entering = node.gelu(graph, x);
  const mixed = node.gather(graph, node.matMul(graph, mix, entering), back);
  const attended = node.gemm(graph, mixed, weight(graph, 'a', [4, 4]), weight(graph, 'b', [4]), {
    transposeB: true,
  });
  const summed = node.add(graph, attended, entering);
  const scale = weight(graph, 'scale', [4]);
  const normed = node.layerNormalization(graph, summed, scale, weight(graph, 'shift', [4]), 1e-6).output;
  const [left, right] = node.split(graph, normed, 1, [2, 2]) as [Value, Value];
  const rows = node.gather(graph, node.mul(graph, left, node.tanh(graph, right)), index);
  graph.output('rows', node.gemm(graph, rows, weight(graph, 'head', [3, 2]), null, { transposeB: true }));
  return { graph, index };
}

async function run(graph: Graph): Promise<number[]> {
  const runtime = openRuntime();
  const session = await runtime.createSession(toOnnx(graph, 'rows'), { threads: 1 });
  const feeds = {
    x: runtime.tensor(
      'float32',
      [5, 4],
      Float32Array.from({ length: 20 }, (_, i) => Math.cos(i)),
    ),
    mix: runtime.tensor(
      'float32',
      [5, 5],
      Float32Array.from({ length: 25 }, (_, i) => Math.sin(7 * i)),
    ),
    back: runtime.tensor('int64', [5], BigInt64Array.of(4n, 3n, 2n, 1n, 0n)),
    index: runtime.tensor('int64', [2], BigInt64Array.of(0n, 3n)),
  };
  const { rows } = await session.run(feeds, { rows: null });
  const numbers = Array.from(rows!.data, Number);
  [...Object.values(feeds), rows!].forEach((tensor) => tensor.release());
  session.release();
  return numbers;
}

/** Operators by the rows that they compute. */
const rowsOf = ({ nodes }: Graph, size: string): string[] =>
  nodes.filter(({ outputs }) => outputs[0]!.shape[0] === size).map(({ op }) => op);

describe('rows that nobody reads', () => {
  it('are not computed, and the others are what they were', async () => {
    const [plain, early] = [made(), made()];
    selectRowsEarly(early.graph, early.index, 'tokens');
    const after = ['Gemm', 'Add', 'LayerNormalization', 'Split', 'Tanh', 'Mul'];
    expect(rowsOf(plain.graph, 'tokens')).toEqual(['Gelu', 'MatMul', 'Gather', ...after]);
    // Of what enters, every row goes into the mixture.
    expect(rowsOf(early.graph, 'tokens')).toEqual(['Gelu', 'MatMul']);
    expect(rowsOf(early.graph, 'texts').filter((op) => op !== 'Gather')).toEqual([...after, 'Gemm']);
    const expected = await run(plain.graph);
    (await run(early.graph)).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  });

  it('are computed where an output has them all', () => {
    const { graph, index } = made();
    graph.output('every', graph.nodes.find(({ op }) => op === 'LayerNormalization')!.outputs[0]!);
    selectRowsEarly(graph, index, 'tokens');
    expect(rowsOf(graph, 'tokens')).toContain('LayerNormalization');
    expect(rowsOf(graph, 'tokens')).not.toContain('Tanh');
  });

  it.each([
    ['bert', 2],
    ['deberta-v3', 2],
    ['albert-1', 2],
    ['modernbert-1', 1],
  ])('are those of the last layer of a classifier, behind its attention: %s', (model, least) => {
    const classifier = goldenClassifier(model);
    const options = { groups: 1, vocabulary: classifier.vocabulary };
    const { graph, draws, batch } = forwardPass(classifier, options);
    graph.output('logits', draws[0] as Value);
    const products = (size: string): number =>
      rowsOf(graph, size).filter((op) => op === 'Gemm' || op === 'FusedMatMul').length;
    const before = { tokens: products('tokens'), texts: products('texts') };
    selectRowsEarly(graph, batch.firstToken, 'tokens');
    const moved = products('texts') - before.texts;
    if (classifier.averaged) expect(moved).toBe(0);
    else expect(moved).toBeGreaterThanOrEqual(least);
    expect(products('tokens')).toBe(before.tokens - moved);
  });
});
