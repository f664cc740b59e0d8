import { describe, expect, it } from 'vitest';
import { openRuntime } from '../../../engine/runtime/open.js';
import { modelBytes } from './models.js';

const runtime = openRuntime();

describe('what the runtime creates', () => {
  it('is counted until it is released, once however often release is called', async () => {
    const before = runtime.live;
    const session = await runtime.createSession(modelBytes('identity'), { threads: 1 });
    const x = runtime.tensor('float32', [1, 2], Float32Array.of(1, 2));
    const { y } = await session.run({ x }, { y: null });
    expect(runtime.live).toEqual({ sessions: before.sessions + 1, values: before.values + 2 });
    for (const object of [session, x, y!, session, x, y!]) object.release();
    expect(runtime.live).toEqual(before);
  });

  it('stays while a run uses it and goes when the run ends', async () => {
    const before = runtime.live;
    const session = await runtime.createSession(modelBytes('slow'), { threads: 1 });
    const x = runtime.tensor('float32', [512, 512], new Float32Array(512 * 512).fill(1));
    const w = runtime.tensor('float32', [512, 512], new Float32Array(512 * 512).fill(1 / 512));
    const run = session.run({ x, w }, { y: null });
    for (const object of [session, x, w]) object.release();
    expect(runtime.live).toEqual({ sessions: before.sessions + 1, values: before.values + 2 });
    const { y } = await run;
    expect(y!.data[0]).toBeCloseTo(1, 5);
    y!.release();
    expect(runtime.live).toEqual(before);
  });

  it('gives no data and takes no part in a run after its release', async () => {
    const session = await runtime.createSession(modelBytes('identity'), { threads: 1 });
    const x = runtime.tensor('float32', [1, 2], Float32Array.of(1, 2));
    const { y } = await session.run({ x }, { y: null });
    expect([...(y!.data as Float32Array)]).toEqual([1, 2]);
    y!.release();
    expect(y!.data).toHaveLength(0);
    x.release();
    await expect(session.run({ x }, { y: null })).rejects.toThrow('input x: the tensor has been released');
    session.release();
    await expect(session.run({ x }, { y: null })).rejects.toThrow('session: it has been released');
  });

  it('survives many outputs at the same address', async () => {
    const session = await runtime.createSession(modelBytes('identity'), { threads: 1 });
    const before = runtime.live.values;
    const x = runtime.tensor('float32', [1, 1000], new Float32Array(1000).fill(3));
    for (let i = 0; i < 2000; i++) {
      const { y } = await session.run({ x }, { y: null });
      if (y!.data[999] !== 3) throw new Error(`run ${i} gave ${y!.data[999]}`);
      y!.release();
    }
    expect(runtime.live.values).toBe(before + 1);
    x.release();
    session.release();
  });
});

describe('a tensor', () => {
  it.each([
    ['an array of another type', () => runtime.tensor('int64', [1], new Float32Array(1)), /another type/],
    [
      'too few elements',
      () => runtime.tensor('float32', [2, 2], new Float32Array(3)),
      /does not fit the shape/,
    ],
    ['a negative extent', () => runtime.tensor('float32', [-1], new Float32Array(0)), /not a whole number/],
  ])('is refused with %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});
