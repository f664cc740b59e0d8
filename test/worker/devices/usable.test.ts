import { describe, expect, it } from 'vitest';
import type { DeviceName } from '../../../engine/device/device.js';
import { DeviceUnusable, type UsableDevice } from '../../../worker/devices/probe.js';
import { deviceWords, usableDevices } from '../../../worker/devices/usable.js';

const card = { name: 'a card', id: null, driver: '1', memoryBytes: 8 * 2 ** 30, isSoftware: false };

function probing(broken: readonly DeviceName[] = []) {
  const tried: DeviceName[] = [];
  const probe = (name: DeviceName): Promise<UsableDevice> => {
    tried.push(name);
    if (broken.includes(name))
      return Promise.reject(new DeviceUnusable({ where: `device ${name}`, what: 'it does not start' }));
    return Promise.resolve({ name, card, signature: () => name });
  };
  return { probe, tried };
}

const names = (devices: readonly UsableDevice[]): DeviceName[] => devices.map(({ name }) => name);

describe('the devices of a worker', () => {
  it('are those that were asked for, in that order', async () => {
    const { probe } = probing();
    expect(names(await usableDevices(['cuda:1', 'webgpu', 'cuda:0'], { probe }))).toEqual([
      'cuda:1',
      'webgpu',
      'cuda:0',
    ]);
  });

  it('are no others where one that was asked for does not start', async () => {
    const { probe } = probing(['cuda:1']);
    await expect(usableDevices(['cuda:0', 'cuda:1', 'cpu'], { probe })).rejects.toThrow(
      'device cuda:1: it does not start',
    );
  });

  it('are the processor where nothing was asked for and nothing else was fetched; no driver is touched', async () => {
    const { probe, tried } = probing();
    expect(names(await usableDevices('auto', { probe }))).toEqual(['cpu']);
    expect(tried).toEqual([]);
  });

  it('are the cards of CUDA where nothing was asked for; one that does not start is told of', async () => {
    const { probe } = probing(['cuda:1']);
    const told: string[] = [];
    const found = await usableDevices('auto', {
      probe,
      candidates: () => Promise.resolve(['cuda:0', 'cuda:1']),
      onMessage: (message) => told.push(message),
    });
    expect(names(found)).toEqual(['cuda:0']);
    expect(told).toEqual([expect.stringMatching(/^device cuda:1: it does not start/)]);
  });
});

describe('a device in words', () => {
  it.each([
    [{ name: 'cpu', card: null } as const, 'the processor'],
    [{ name: 'cuda:1', card } as const, 'cuda:1 (a card, 8.0 GiB)'],
    [
      { name: 'webgpu', card: { ...card, memoryBytes: null, isSoftware: true } } as const,
      'webgpu (a card; a driver in software)',
    ],
    [{ name: 'webgpu', card: null } as const, 'webgpu (a card that the system does not tell)'],
  ])('%j', (device, words) => {
    expect(deviceWords(device)).toBe(words);
  });
});
