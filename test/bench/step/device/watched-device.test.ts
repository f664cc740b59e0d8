import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { watched } from '../../../../bench/step/device/watched-device.js';
import type { Device } from '../../../../engine/device/device.js';
import { programOf } from '../../../../engine/device/program.js';
import { Graph } from '../../../../engine/graph/graph.js';
import type { Session, Value } from '../../../../engine/runtime/runtime.js';

/** Each thing that is waited for takes so long, in seconds. */
const long = 0.03;

/** As long as that, within what a timer may be early. */
const atLeast = long * 0.9;

const program = programOf(new Graph(), 'nothing');

/** A device that does nothing, which takes it a while. */
function idleDevice() {
  const pause = (): Promise<unknown> => delay(long * 1000);
  const nodes = new Map([
    ['MatMul', 3],
    ['Reshape', 2],
  ]);
  const session = { nodes, run: () => Promise.resolve({}), release: () => undefined } as unknown as Session;
  const device = {
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
    expect(watch.launches).toBe(6);
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
});
