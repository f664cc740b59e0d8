import { describe, expect, it } from 'vitest';
import { Graph } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { toOnnx } from '../../../engine/graph/onnx.js';
import { quantize } from '../../../engine/quantization/quantize.js';
import { openRuntime } from '../../../engine/runtime/open.js';

const [inputs, outputs] = [24, 5];
const bytesOf = (data: Float32Array): Uint8Array => new Uint8Array(data.buffer);
/** Numbers that look drawn, the same ones each time. */
const drawn = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(seed + i * 12.9898) * Math.cos(i * 78.233));

const weight = drawn(outputs * inputs, 1);
const bias = drawn(outputs, 2);

/** Products of `[tokens, in]` rows, quantised; both of them take the same rows. */
async function products(x: Float32Array): Promise<{ biased: Float32Array; unbiased: Float32Array }> {
  const graph = new Graph();
  const rows = graph.input('x', 'float32', ['tokens', inputs]);
  const w = graph.initializer('w', 'float32', [outputs, inputs], bytesOf(weight));
  const b = graph.initializer('b', 'float32', [outputs], bytesOf(bias));
  graph.output('biased', node.gemm(graph, rows, w, b, { transposeB: true }));
  graph.output('unbiased', node.matMul(graph, rows, w, { transposeB: true }));
  quantize(graph, 'none');
  expect(graph.nodes.filter(({ op }) => op === 'MatMulIntegerToFloat')).toHaveLength(2);
  expect(graph.nodes.filter(({ op }) => op === 'QuantizeLinear')).toHaveLength(1);
  expect(graph.initializers.filter(({ value }) => value.name === 'w')).toHaveLength(0);
  const session = await openRuntime().createSession(toOnnx(graph, 'products'), { threads: 1 });
  const given = openRuntime().tensor('float32', [x.length / inputs, inputs], x);
  const { biased, unbiased } = await session.run({ x: given }, { biased: null, unbiased: null });
  const copies = [biased, unbiased].map((tensor) => Float32Array.from(tensor!.data as Float32Array));
  for (const held of [given, biased!, unbiased!, session]) held.release();
  return { biased: copies[0]!, unbiased: copies[1]! };
}

/** The same by definition: levels of ±127 by row of x, of ±63 by row of W, whole numbers multiplied exactly. */
function reference(x: Float32Array): Float32Array {
  const levels = (row: Float32Array, most: number): { values: number[]; scale: number } => {
    const scale = Math.max(...row.map(Math.abs)) / most;
    return { values: Array.from(row, (value) => (scale === 0 ? 0 : Math.round(value / scale))), scale };
  };
  const rowsOf = (matrix: Float32Array, most: number) =>
    Array.from({ length: matrix.length / inputs }, (_, row) =>
      levels(matrix.subarray(row * inputs, (row + 1) * inputs), most),
    );
  const ofWeight = rowsOf(weight, 63);
  return Float32Array.from(
    rowsOf(x, 127).flatMap((row) =>
      ofWeight.map(
        ({ values, scale }) =>
          values.reduce((sum, value, i) => sum + value * (row.values[i] as number), 0) * scale * row.scale,
      ),
    ),
  );
}

describe('a product in 8 bits', () => {
  const plain = drawn(7 * inputs, 3);

  it('is that of its levels, with and without a bias', async () => {
    const x = plain.map((value, i) => (i === 2 * inputs + 5 ? 400 : value));
    x.fill(0, 4 * inputs, 5 * inputs);
    const { biased, unbiased } = await products(x);
    const expected = reference(x);
    const largest = Math.max(...expected.map(Math.abs));
    unbiased.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6 * largest));
    biased.forEach((value, i) =>
      expect(Math.abs(value - expected[i]! - bias[i % outputs]!)).toBeLessThan(1e-6 * largest),
    );
  });

  it('of a row does not depend on the rows beside it, outliers among them', async () => {
    const alone = await products(plain.slice(0, inputs));
    const beside = await products(plain.map((value, i) => (i < inputs ? value : value * 1e4)));
    expect(beside.biased.slice(0, outputs)).toEqual(alone.biased);
  });

  it('keeps to float32 within the steps of both factors', async () => {
    const { unbiased } = await products(plain);
    unbiased.forEach((value, i) => {
      const [row, column] = [Math.floor(i / outputs), i % outputs];
      const [a, b] = [plain, weight].map((all, k) =>
        all.subarray([row, column][k]! * inputs, ([row, column][k]! + 1) * inputs),
      ) as [Float32Array, Float32Array];
      const [stepA, stepB] = [Math.max(...a.map(Math.abs)) / 254, Math.max(...b.map(Math.abs)) / 126];
      const bound = a.reduce(
        (sum, entry, k) => sum + Math.abs(entry) * stepB + Math.abs(b[k]!) * stepA + stepA * stepB,
        0,
      );
      const exact = a.reduce((sum, entry, k) => sum + entry * b[k]!, 0);
      expect(Math.abs(value - exact)).toBeLessThan(bound);
    });
  });
});
