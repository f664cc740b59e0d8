import { describe, expect, it } from 'vitest';
import { deviceChecks } from '../../../cli/doctor/devices.js';
import type { CardFacts } from '../../../engine/device/device.js';
import { DeviceUnusable, type UsableDevice } from '../../../worker/devices/probe.js';

const card: CardFacts = {
  name: 'RTX 4090',
  id: null,
  driver: 'NVIDIA 550',
  memoryBytes: 24 * 2 ** 30,
  isSoftware: false,
};

async function webGpuCheck(found: CardFacts | Error) {
  const checks = await deviceChecks(
    (name) =>
      found instanceof Error
        ? Promise.reject(found)
        : Promise.resolve<UsableDevice>({ name, card: found, signature: () => '' }),
    () =>
      Promise.resolve({
        parts: [{ part: 'driver', state: 'missing', found: 'no driver', remedy: 'Get one.' }],
        cards: [],
      }),
  );
  expect(checks.map(({ name }) => name)).toEqual(['device cpu', 'device webgpu', 'device cuda']);
  expect(checks[2]).toEqual({ name: 'device cuda', state: 'note', found: 'no driver', remedy: 'Get one.' });
  expect(checks[0]?.found).toMatch(/^trains (?:one fold|\d folds) at once, with .* thread.* each$/);
  return checks[1];
}

describe('doctor looks at devices', () => {
  it('names the card of WebGPU, its memory and its driver', async () => {
    expect(await webGpuCheck(card)).toEqual({
      name: 'device webgpu',
      state: 'fine',
      found: 'starts: webgpu (RTX 4090, 24.0 GiB); driver NVIDIA 550; --device webgpu uses it',
    });
  });

  it('says that a driver computes in software', async () => {
    expect(await webGpuCheck({ ...card, isSoftware: true })).toMatchObject({
      state: 'note',
      found: expect.stringContaining('a driver in software') as string,
    });
  });

  it('leaves the list to `foldwise devices` where several things of CUDA are missing', async () => {
    const missing = { state: 'missing', found: 'not here' } as const;
    const checks = await deviceChecks(
      () => Promise.reject(new DeviceUnusable({ where: 'device webgpu', what: 'it does not start' })),
      () =>
        Promise.resolve({
          parts: [
            { part: 'driver', ...missing, remedy: 'Get one.' },
            { part: 'libraries', ...missing, remedy: 'Install it.' },
          ],
          cards: [],
        }),
    );
    expect(checks[2]).toMatchObject({ found: 'not set up: 2 things are missing' });
    expect(checks[2]?.remedy).toContain('`foldwise devices` lists them');
  });

  it('says why WebGPU does not start, without which foldwise works', async () => {
    const fault = new DeviceUnusable({
      where: 'device webgpu',
      what: 'no device of it could be started',
      found: 'no adapter',
      remedy: 'Install a driver.',
    });
    expect(await webGpuCheck(fault)).toEqual({
      name: 'device webgpu',
      state: 'note',
      found: 'no device of it could be started (no adapter)',
      remedy: 'Install a driver.',
    });
  });
});
