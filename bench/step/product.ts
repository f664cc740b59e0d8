import { performance } from 'node:perf_hooks';
import { Graph } from '../../engine/graph/graph.js';
import { toOnnx } from '../../engine/graph/onnx.js';
import type { Runtime } from '../../engine/runtime/runtime.js';

const repetitions = 10;

/** The best of eleven products `[m, k]·[k, n]` in our runtime, the first to warm up. */
export async function bestProduct(
  runtime: Runtime,
  [m, k, n]: readonly [number, number, number],
  threads: number,
): Promise<{ readonly gflops: number; readonly seconds: number }> {
  const tensors = {
    a: runtime.tensor('float32', [m, k], noise(m * k)),
    b: runtime.tensor('float32', [k, n], noise(k * n)),
    product: runtime.tensor('float32', [m, n], new Float32Array(m * n)),
  };
  const session = await runtime.createSession(productModel(m, k, n), { threads });
  let seconds = Infinity;
  for (let i = 0; i <= repetitions; i++) {
    const start = performance.now();
    await session.run({ a: tensors.a, b: tensors.b }, { product: tensors.product });
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  session.release();
  for (const tensor of Object.values(tensors)) tensor.release();
  return { gflops: (2 * m * k * n) / seconds / 1e9, seconds };
}

function productModel(m: number, k: number, n: number): Uint8Array {
  const graph = new Graph();
  const a = graph.input('a', 'float32', [m, k]);
  const b = graph.input('b', 'float32', [k, n]);
  const [product] = graph.node('MatMul', [a, b], [{ type: 'float32', shape: [m, n] }]);
  graph.output('product', product!);
  return toOnnx(graph, 'product');
}

/** Values of no special form: zeros could be cheaper. */
function noise(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i));
}
