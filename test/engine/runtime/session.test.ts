import * as binding from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { openRuntime } from '../../../engine/runtime/open.js';
import type { Session, Tensor } from '../../../engine/runtime/runtime.js';
import { modelBytes, models, sampleArray } from './models.js';

const runtime = openRuntime();

async function withSession<T>(model: string, use: (session: Session) => Promise<T>, threads = 2): Promise<T> {
  const session = await runtime.createSession(modelBytes(model), { threads });
  try {
    return await use(session);
  } finally {
    session.release();
  }
}

function float32(shape: number[], data: ArrayLike<number>): Tensor {
  return runtime.tensor('float32', shape, Float32Array.from(data));
}

function samples(model: string): Record<string, Tensor> {
  const inputs = Object.entries(models[model]!.inputs);
  return Object.fromEntries(
    inputs.map(([name, input], seed) => [
      name,
      runtime.tensor(input.type, input.shape, sampleArray(input, seed)),
    ]),
  );
}

function releaseAll(...groups: Record<string, Tensor>[]): void {
  for (const group of groups) for (const tensor of Object.values(group)) tensor.release();
}

async function viaBinding(model: string): Promise<binding.InferenceSession.ReturnType> {
  const session = await binding.InferenceSession.create(modelBytes(model), { intraOpNumThreads: 2 });
  const feeds = Object.entries(models[model]!.inputs).map(([name, input], seed) => [
    name,
    new binding.Tensor(input.type, sampleArray(input, seed) as Float32Array, input.shape),
  ]);
  const results = await session.run(Object.fromEntries(feeds) as Record<string, binding.Tensor>);
  await session.release();
  return results;
}

describe('a session', () => {
  const operators = Object.keys(models).filter(
    (name) => !['slow', 'many', 'fixed', 'failing'].includes(name),
  );

  it.each(operators)('computes %s as the package’s own binding does, bit by bit', async (model) => {
    const expected = await viaBinding(model);
    await withSession(model, async (session) => {
      const feeds = samples(model);
      const fetches = Object.fromEntries(session.outputs.map((name) => [name, null]));
      const results = await session.run(feeds, fetches);
      for (const name of models[model]!.outputs) {
        const { data, dims, type } = expected[name]!;
        expect(results[name]!.type).toBe(type);
        expect(results[name]!.shape).toEqual([...dims]);
        expect(bytes(results[name]!.data)).toEqual(bytes(data as Float32Array));
      }
      releaseAll(feeds, results);
    });
  });

  it('names its inputs and outputs in the order of the model', () =>
    withSession('layer_normalization', (session) => {
      expect(session.inputs).toEqual(['x', 'scale', 'bias']);
      expect(session.outputs).toEqual(['y', 'mean', 'deviation']);
      return Promise.resolve();
    }));

  it('writes an output into the given tensor and returns that tensor', () =>
    withSession('identity', async (session) => {
      const x = float32([2, 2], [1, 2, 3, 4]);
      const target = new Float32Array(4);
      const y = runtime.tensor('float32', [2, 2], target);
      const results = await session.run({ x }, { y });
      expect(results['y']).toBe(y);
      expect([...target]).toEqual([1, 2, 3, 4]);
      releaseAll({ x, y });
    }));

  it('computes only the outputs asked for', () =>
    withSession('layer_normalization', async (session) => {
      const feeds = samples('layer_normalization');
      const results = await session.run(feeds, { deviation: null });
      expect(Object.keys(results)).toEqual(['deviation']);
      expect(results['deviation']!.shape).toEqual([3, 1]);
      releaseAll(feeds, results);
    }));

  it('reads and writes views into a shared WebAssembly memory', () =>
    withSession('matmul', async (session) => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      const a = new Float32Array(memory.buffer, 256, 4);
      const y = new Float32Array(memory.buffer, 1024, 4);
      a.set([1, 2, 3, 4]);
      const feeds = { a: runtime.tensor('float32', [1, 2, 2], a), b: float32([1, 2, 2], [0, 1, 1, 0]) };
      const fetches = { y: runtime.tensor('float32', [1, 2, 2], y) };
      await session.run(feeds, fetches);
      expect([...y]).toEqual([2, 1, 4, 3]);
      a.set([5, 6, 7, 8]);
      await session.run(feeds, fetches);
      expect([...y]).toEqual([6, 5, 8, 7]);
      releaseAll(feeds, fetches);
    }));

  it('takes and gives scalars and empty tensors', async () => {
    await withSession('scalar', async (session) => {
      const feeds = { a: float32([], [3]), b: float32([], [4]) };
      const results = await session.run(feeds, { y: null });
      expect(results['y']!.shape).toEqual([]);
      expect([...(results['y']!.data as Float32Array)]).toEqual([12]);
      releaseAll(feeds, results);
    });
    await withSession('concat', async (session) => {
      const feeds = { a: float32([0, 3], []), b: float32([1, 3], [1, 2, 3]) };
      const results = await session.run(feeds, { y: null });
      expect([...(results['y']!.data as Float32Array)]).toEqual([1, 2, 3]);
      const empty = { a: float32([0, 3], []), b: float32([0, 3], []) };
      const nothing = await session.run(empty, { y: null });
      expect(nothing['y']!.shape).toEqual([0, 3]);
      expect(nothing['y']!.data).toHaveLength(0);
      releaseAll(feeds, results, empty, nothing);
    });
  });

  it('leaves the event loop free while it runs', () =>
    withSession('slow', async (session) => {
      const feeds = samples('slow');
      let ticks = 0;
      const timer = setInterval(() => ticks++, 2);
      const results = await session.run(feeds, { y: null });
      clearInterval(timer);
      expect(ticks).toBeGreaterThan(5);
      releaseAll(feeds, results);
    }));

  it('runs with 300 inputs and 300 outputs in place, each with its own value', () =>
    withSession('many', async (session) => {
      const feeds = samples('many');
      const fetches = Object.fromEntries(session.outputs.map((name) => [name, float32([1], [0])]));
      await session.run(feeds, fetches);
      const outputs = session.outputs.map((name) => fetches[name]!.data[0]);
      expect(outputs).toEqual(session.inputs.map((name) => -(feeds[name]!.data[0] as number)));
      releaseAll(feeds, fetches);
    }));
});

describe('a run that cannot be', () => {
  const x = () => float32([2, 3], [1, 2, 3, 4, 5, 6]);
  const y = () => float32([2, 3], [0, 0, 0, 0, 0, 0]);
  const cases: [string, () => Record<string, Tensor>, () => Record<string, Tensor | null>, RegExp][] = [
    ['an input is not fed', () => ({}), () => ({ y: null }), /^input x: it is not fed/],
    ['an input is unknown', () => ({ x: x(), z: x() }), () => ({ y: null }), /^input z: the model has no/],
    ['an output is unknown', () => ({ x: x() }), () => ({ q: null }), /^output q: the model has no/],
    [
      'an input has the wrong element type',
      () => ({ x: runtime.tensor('int32', [2, 3], new Int32Array(6)) }),
      () => ({ y: null }),
      /^input x: wrong element type; found int32; expected float32/,
    ],
    [
      'an input has the wrong shape',
      () => ({ x: float32([3, 2], [1, 2, 3, 4, 5, 6]) }),
      () => ({ y: null }),
      /^input x: wrong shape; found \[3, 2\]; expected \[\?, 3\]/,
    ],
    [
      'an output has the wrong rank',
      () => ({ x: x() }),
      () => ({ y: float32([6], [0, 0, 0, 0, 0, 0]) }),
      /^output y: wrong shape; found \[6\]; expected \[\?, 3\]/,
    ],
    [
      'an output in place has another extent than the result',
      () => ({ x: x() }),
      () => ({ y: float32([1, 3], [0, 0, 0]) }),
      /RUNTIME_EXCEPTION|INVALID_ARGUMENT|FAIL/,
    ],
  ];

  it.each(cases)(
    'is refused when %s, holds nothing, and the next one works',
    async (_, feed, fetch, message) => {
      const { values } = runtime.live;
      await withSession('fixed', async (session) => {
        const [feeds, fetches] = [feed(), fetch()];
        await expect(session.run(feeds, fetches)).rejects.toThrow(message);
        releaseAll(feeds);
        for (const tensor of Object.values(fetches)) tensor?.release();
        expect(runtime.live.values).toBe(values);
        const next = { x: x(), y: y() };
        const results = await session.run({ x: next.x }, { y: next.y });
        expect([...(results['y']!.data as Float32Array)]).toEqual([-1, -2, -3, -4, -5, -6]);
        releaseAll(next);
      });
    },
  );

  it('names the node that failed', () =>
    withSession('failing', async (session) => {
      const feeds = { a: float32([2], [1, 2]), b: float32([3], [1, 2, 3]) };
      await expect(session.run(feeds, { y: null })).rejects.toThrow(/the_failing/);
      releaseAll(feeds);
    }));

  it('is refused while another run of the session is under way', () =>
    withSession('slow', async (session) => {
      const feeds = samples('slow');
      const first = session.run(feeds, { y: null });
      await expect(session.run(feeds, { y: null })).rejects.toThrow('session: a run is under way');
      releaseAll(feeds, await first);
    }));

  it('is refused with a model that is none', async () => {
    const creation = runtime.createSession(new Uint8Array([1, 2, 3]), { threads: 1 });
    await expect(creation).rejects.toThrow(/^onnxruntime INVALID_PROTOBUF/);
  });
});

function bytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}
