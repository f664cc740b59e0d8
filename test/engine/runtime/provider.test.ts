import { describe, expect, it } from 'vitest';
import { EnvironmentFault } from '../../../errors/fault.js';
import { Graph } from '../../../engine/graph/graph.js';
import * as node from '../../../engine/graph/nodes.js';
import { toOnnx } from '../../../engine/graph/onnx.js';
import { DeviceFault } from '../../../engine/runtime/fault.js';
import { openRuntime } from '../../../engine/runtime/open.js';
import type { ElementArray, ElementType, Session, Tensor } from '../../../engine/runtime/runtime.js';
import { noWebGpu, webGpu, withoutWebGpu } from '../../setup/webgpu.js';

const runtime = openRuntime();

const floats = (shape: number[], data: readonly number[]): Tensor =>
  runtime.tensor('float32', shape, Float32Array.from(data));

/** y = 2·a·b with a named number of rows; the mean of each column, for all rows, in `mean`. */
function productModel(): Uint8Array {
  const g = new Graph();
  const a = g.input('a', 'float32', ['rows', 2]);
  const b = g.input('b', 'float32', [2, 2]);
  g.output('y', node.matMul(g, node.mul(g, a, node.scalar(g, 2)), b));
  g.output('mean', node.expand(g, node.reduceMean(g, a, [0], true), ['rows', 2]));
  return toOnnx(g, 'product');
}

/** The node that puts the sizes of an Expand together. */
const sizes = new Set(['Concat_3_0']);

function onWebGpu(model: Uint8Array, onProcessor: ReadonlySet<string> = new Set()): Promise<Session> {
  return runtime.createSession(model, { threads: 1, on: { provider: webGpu(), onProcessor } });
}

describe.skipIf(noWebGpu)(`WebGPU${withoutWebGpu}`, () => {
  it('computes from and into tensors of either memory', async () => {
    const before = runtime.live;
    const session = await onWebGpu(productModel(), sizes);
    const a = floats([3, 2], [1, 2, 3, 4, 5, 6]);
    const [onDevice, y] = [
      await webGpu().allocate('float32', [3, 2]),
      await webGpu().allocate('float32', [3, 2]),
    ];
    await webGpu().copy([[a, onDevice]]);
    const b = floats([2, 2], [0, 1, 1, 0]);
    const rows = runtime.tensor('int64', [1], BigInt64Array.of(3n));
    const results = await session.run({ a: onDevice, b, 'dim:rows': rows }, { y, mean: null });
    expect(Object.keys(results)).toEqual(['mean']);
    expect([...results['mean']!.data]).toEqual([3, 4, 3, 4, 3, 4]);
    const host = floats([3, 2], [0, 0, 0, 0, 0, 0]);
    await webGpu().copy([[y, host]]);
    expect([...host.data]).toEqual([4, 2, 8, 6, 12, 10]);
    for (const object of [session, a, onDevice, y, b, rows, host, results['mean']!]) object.release();
    expect(runtime.live).toEqual(before);
  });

  it('copies every element type there, within and back', async () => {
    const samples: [ElementType, ElementArray, ElementArray][] = [
      ['float32', Float32Array.of(1.5, -2, 3), new Float32Array(3)],
      ['int64', BigInt64Array.of(1n, -(2n ** 40n), 3n), new BigInt64Array(3)],
      ['int32', Int32Array.of(1, -2, 3), new Int32Array(3)],
      ['bool', Uint8Array.of(1, 0, 1), new Uint8Array(3)],
      ['float16', Uint16Array.of(0x3c00, 0xc000, 1), new Uint16Array(3)],
    ];
    for (const [type, data, back] of samples) {
      const [from, to] = [runtime.tensor(type, [3], data), runtime.tensor(type, [3], back)];
      const [first, second] = [await webGpu().allocate(type, [3]), await webGpu().allocate(type, [3])];
      await webGpu().copy([[from, first]]);
      await webGpu().copy([[first, second]]);
      await webGpu().copy([[second, to]]);
      expect(back, type).toEqual(data);
      for (const tensor of [from, to, first, second]) tensor.release();
    }
  });

  it('copies several tensors and directions in one call, empty ones too', async () => {
    const [a, b, none] = [floats([2], [1, 2]), floats([1], [3]), floats([0, 4], [])];
    const [onDevice, other, empty] = [
      await webGpu().allocate('float32', [2]),
      await webGpu().allocate('float32', [1]),
      await webGpu().allocate('float32', [0, 4]),
    ];
    await webGpu().copy([
      [a, onDevice],
      [b, other],
      [none, empty],
    ]);
    const [first, second] = [floats([2], [0, 0]), floats([1], [0])];
    await webGpu().copy([
      [onDevice, first],
      [other, second],
    ]);
    expect([...first.data, ...second.data]).toEqual([1, 2, 3]);
    for (const tensor of [a, b, none, onDevice, other, empty, first, second]) tensor.release();
  });

  it('keeps a tensor until the run that uses it has ended', async () => {
    const before = runtime.live;
    const session = await onWebGpu(productModel(), sizes);
    const a = await webGpu().allocate('float32', [1, 2]);
    const one = floats([1, 2], [1, 1]);
    await webGpu().copy([[one, a]]);
    const b = floats([2, 2], [1, 2, 3, 4]);
    const rows = runtime.tensor('int64', [1], BigInt64Array.of(1n));
    const run = session.run({ a, b, 'dim:rows': rows }, { y: null });
    for (const object of [session, a, b, rows, one]) object.release();
    expect(runtime.live.sessions).toBe(before.sessions + 1);
    const { y } = await run;
    expect([...y!.data]).toEqual([8, 12]);
    y!.release();
    expect(runtime.live).toEqual(before);
    await expect(webGpu().copy([[floats([1, 2], [1, 1]), a]])).rejects.toThrow(
      'the tensor has been released',
    );
  });

  it('refuses nodes that would run on the processor, by name, but for those that are said to', async () => {
    const before = runtime.live;
    const g = new Graph();
    const a = g.input('a', 'float32', [2, 2]);
    g.output('product', node.matMul(g, a, a, { transposeB: true }));
    g.output('logarithms', node.logSoftmax(g, a));
    await expect(onWebGpu(toOnnx(g, 'fallback'))).rejects.toThrow(
      /^node product \(FusedMatMul\), logarithms \(LogSoftmax\): the provider has no kernel for it/,
    );
    expect(runtime.live).toEqual(before);
    const session = await onWebGpu(toOnnx(g, 'named'), new Set(['product', 'logarithms']));
    const x = floats([2, 2], [1, 2, 3, 4]);
    const { product } = await session.run({ a: x }, { product: null });
    expect([...product!.data]).toEqual([5, 11, 11, 25]);
    for (const object of [session, x, product!]) object.release();
  });

  it('names the node that fails in a run', async () => {
    const g = new Graph();
    const [a, b] = [g.input('a', 'float32', ['n']), g.input('b', 'float32', ['n'])];
    g.output('sum', node.add(g, a, b));
    const session = await onWebGpu(toOnnx(g, 'failing'));
    const feeds = { a: floats([2], [1, 2]), b: floats([3], [1, 2, 3]) };
    await expect(session.run(feeds, { sum: null })).rejects.toThrow(/'sum'/);
    for (const object of [session, ...Object.values(feeds)]) object.release();
  });

  it.each([
    ['than there is', 2 ** 31],
    ['than a buffer may have', 2 ** 30 + 1],
  ])(
    'tells that the device has no room for more %s, which ONNX Runtime answers with success',
    async (_, count) => {
      const before = runtime.live;
      const fault = await webGpu()
        .allocate('float32', [count])
        .catch((error: unknown) => error);
      expect(fault).toBeInstanceOf(DeviceFault);
      expect(fault).toBeInstanceOf(EnvironmentFault);
      expect(fault).toMatchObject({ kind: 'memory' });
      const where = `WebGPU, tensor float32 [${count}]: the device has no memory left; found `;
      expect((fault as DeviceFault).message).toContain(where);
      expect(runtime.live).toEqual(before);
      const small = await webGpu().allocate('float32', [4]);
      small.release();
    },
  );

  it.each([
    ['another type', () => runtime.tensor('int32', [2], new Int32Array(2)), /differ in type or size/],
    ['another size', () => floats([3], [1, 2, 3]), /found float32 \[2\]; expected float32 \[3\]/],
  ])('copies nothing into a tensor of %s', async (_, make, message) => {
    const tensor = await webGpu().allocate('float32', [2]);
    const from = make();
    await expect(webGpu().copy([[from, tensor]])).rejects.toThrow(message);
    tensor.release();
    from.release();
  });

  it('lets runs and copies that overlap come one after the other', async () => {
    const session = await onWebGpu(productModel(), sizes);
    const other = await onWebGpu(productModel(), sizes);
    const b = floats([2, 2], [1, 0, 0, 1]);
    const rows = runtime.tensor('int64', [1], BigInt64Array.of(1n));
    const [x, y] = [await webGpu().allocate('float32', [1, 2]), await webGpu().allocate('float32', [1, 2])];
    const one = floats([1, 2], [1, 2]);
    const into = floats([1, 2], [0, 0]);
    await Promise.all([
      webGpu().copy([[one, x]]),
      session.run({ a: x, b, 'dim:rows': rows }, { y }),
      other.run({ a: y, b, 'dim:rows': rows }, { y: x }),
      webGpu().copy([[x, into]]),
    ]);
    expect([...into.data]).toEqual([4, 8]);
    for (const object of [session, other, b, rows, x, y, one, into]) object.release();
  });
});

describe.skipIf(!noWebGpu)('a provider without a device', () => {
  it('says what it wants, each time', async () => {
    for (let i = 0; i < 2; i++) {
      const start = runtime.provider('webgpu');
      await expect(start).rejects.toBeInstanceOf(EnvironmentFault);
      await expect(start).rejects.toThrow(
        /^WebGPU: no device of it could be started; found .+; expected a graphics driver: .+docs\/devices\.md/,
      );
    }
  });
});
