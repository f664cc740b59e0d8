import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { watched } from '../../../../bench/step/device/watched-device.js';
import type { Device, DeviceName } from '../../../../engine/device/device.js';
import { programOf } from '../../../../engine/device/program.js';
import { Graph } from '../../../../engine/graph/graph.js';
import type { Session, Value } from '../../../../engine/runtime/runtime.js';

/** Each thing that is waited for takes so long, in seconds. */
const long = 0.03;

/** As long as that, within what a timer may be early. */
const atLeast = long * 0.9;

const program = programOf(new Graph(), 'nothing');

/** A device that does nothing, which takes it a while. */
function idleDevice(name: DeviceName = 'webgpu') {
  const pause = (): Promise<unknown> => delay(long * 1000);
  const nodes = new Map([
    ['MatMul', 3],
    ['Reshape', 2],
  ]);
  // On CUDA a run ends when the card has.
  const run = (): Promise<object> => (name === 'webgpu' ? Promise.resolve({}) : pause().then(() => ({})));
  const session = { nodes, run, release: () => undefined } as unknown as Session;
  const device = {
    name,
    kernelLaunches: 4,
    compile: () => pause().then(() => session),
    download: () => pause().then(() => new Float32Array(1)),
  } as unknown as Device;
  return watched(device);
}

const value = {} as Value;

describe('a device that is watched', () => {
  it('is told by what it compiled, what it started, and for how long it was waited for', async () => {
    const { device, watch } = idleDevice();
    const session = await device.compile(program);
    await session.run({}, {});
    await session.run({}, {});
    await device.download(value);
    expect(watch.compiling).toBeGreaterThan(atLeast);
    expect(watch.launches).toBe(6 + 4);
    expect(watch.waiting).toBeGreaterThan(atLeast);
    expect(watch.empty).toBe(0);
  });

  it('has nothing to do from the end of the last wait to the next run', async () => {
    const { device, watch } = idleDevice();
    const session = await device.compile(program);
    await session.run({}, {});
    await device.download(value);
    await device.download(value);
    await delay(long * 1000);
    expect(watch.empty).toBe(0);
    await session.run({}, {});
    expect(watch.empty).toBeGreaterThan(atLeast);
    const { empty } = watch;
    await session.run({}, {});
    expect(watch.empty).toBe(empty);
  });

  it('has something to do where a run was given before the wait was over', async () => {
    const { device, watch } = idleDevice();
    const session = await device.compile(program);
    await session.run({}, {});
    const waits = [device.download(value), device.download(value)];
    await session.run({}, {});
    await Promise.all(waits);
    await delay(long * 1000);
    await session.run({}, {});
    expect(watch.empty).toBe(0);
    expect(watch.waiting).toBeGreaterThan(atLeast);
  });

  it.each(['webgpu', 'cuda:0'] as const)(
    'on %s is empty for no longer than steps take, whatever was between them',
    async (name) => {
      const { device, watch, begin } = idleDevice(name);
      const session = await device.compile(program);
      let steps = 0;
      for (let turn = 0; turn < 3; turn++) {
        const before = begin();
        const start = performance.now();
        for (let step = 0; step < 2; step++) {
          await session.run({}, {});
          await device.download(value);
          await delay(long * 1000);
        }
        const seconds = (performance.now() - start) / 1000;
        steps += seconds;
        expect(watch.empty - before.empty).toBeLessThan(seconds);
        // Another side's turn, as long as some of ours.
        await delay(long * 10_000);
      }
      expect(watch.empty).toBeGreaterThan(3 * atLeast);
      expect(watch.empty + watch.waiting).toBeLessThan(steps);
    },
  );

  it('whose runs end with the card is waited for in each of them', async () => {
    const { device, watch } = idleDevice('cuda:0');
    const session = await device.compile(program);
    await Promise.all([session.run({}, {}), session.run({}, {})]);
    expect(watch.waiting).toBeGreaterThan(atLeast);
    expect(watch.empty).toBe(0);
    await delay(long * 1000);
    await session.run({}, {});
    expect(watch.waiting).toBeGreaterThan(2 * atLeast);
    expect(watch.empty).toBeGreaterThan(atLeast);
  });
});
