import { describe, expect, it } from 'vitest';
import { deviceLines } from '../../../cli/actions/devices.js';
import { listedDevices, triedDevice } from '../../../cli/devices/listed-devices.js';
import { devicesSchema } from '../../../cli/facts/devices.js';
import type { CudaFindings } from '../../../engine/device/cuda/findings.js';
import type { DeviceName } from '../../../engine/device/device.js';
import { EnvironmentFault } from '../../../errors/fault.js';
import type { UsableDevice } from '../../../worker/devices/probe.js';

const card = {
  name: 'A card',
  id: null,
  driver: 'driver 580.1',
  memoryBytes: 80e9,
  isSoftware: false,
  capability: '9.0',
};

function probing(broken: readonly DeviceName[] = []) {
  return (name: DeviceName): Promise<UsableDevice> => {
    if (!broken.includes(name))
      return Promise.resolve({ name, card: name === 'cpu' ? null : card, signature: () => name });
    const fault = {
      where: `device ${name}`,
      what: 'it does not start',
      found: 'no driver',
      remedy: 'Install it.',
    };
    return Promise.reject(new EnvironmentFault(fault));
  };
}

const fine = { part: 'provider', state: 'fine', found: 'there' } as const;
const searching = (findings: CudaFindings) => () => Promise.resolve(findings);

describe('the devices of a machine', () => {
  it('are named with their cards where they start', async () => {
    const listed = await listedDevices(probing(), searching({ parts: [fine], cards: [card, card] }));
    expect(listed.map(({ device, starts }) => [device, starts])).toEqual([
      ['cpu', true],
      ['webgpu', true],
      ['cuda:0', true],
      ['cuda:1', true],
    ]);
    expect(listed[3]).toMatchObject({
      card: 'A card',
      driver: 'driver 580.1',
      memoryBytes: 80e9,
      missing: [],
    });
    expect(devicesSchema.parse(listed)).toEqual(listed);
    expect(deviceLines(listed)).toEqual([
      'cpu     ✓ starts',
      ...['webgpu', 'cuda:0', 'cuda:1'].map((name) => `${name}  ✓ starts: A card, driver 580.1, 80.00 GB`),
    ]);
  });

  it('are told with all that they lack, and what to do, where they do not', async () => {
    const parts = [
      { part: 'provider', state: 'missing', found: 'not fetched', remedy: 'Fetch it.' },
      { part: 'driver', state: 'missing', found: 'too old', remedy: 'Renew it.' },
      { part: 'libraries', state: 'fine', found: 'cuBLAS 1' },
    ] as const;
    const listed = await listedDevices(probing(['webgpu']), searching({ parts, cards: [] }));
    expect(devicesSchema.parse(listed)).toEqual(listed);
    expect(deviceLines(listed)).toEqual([
      'cpu     ✓ starts',
      'webgpu  ✗ it does not start (no driver)',
      '          Install it.',
      'cuda    ✗ not fetched',
      '          Fetch it.',
      '          too old',
      '          Renew it.',
    ]);
  });

  it('have no CUDA where there is no card for it, or where it ends the process that looks', async () => {
    const none = await listedDevices(probing(), searching({ parts: [fine], cards: [] }));
    expect(none[2]).toMatchObject({
      device: 'cuda',
      missing: [{ what: 'this machine has no card for CUDA' }],
    });
    const crash = (): Promise<CudaFindings> =>
      Promise.reject(
        new EnvironmentFault({ where: 'CUDA', what: 'its process ended', found: 'signal SIGSEGV' }),
      );
    const crashed = await listedDevices(probing(), crash);
    expect(crashed[2]!.missing).toEqual([{ what: 'its process ended (signal SIGSEGV)' }]);
  });
});

describe('a device that is named', () => {
  const there = searching({ parts: [fine], cards: [card] });

  it('is tried alone, and can be used where it starts', async () => {
    const asked: DeviceName[] = [];
    const probe = (name: DeviceName): Promise<UsableDevice> => {
      asked.push(name);
      return probing()(name);
    };
    const { listed, usable } = await triedDevice('cuda:0', probe, there);
    expect(listed).toMatchObject({ device: 'cuda:0', starts: true, card: 'A card' });
    expect(usable?.name).toBe('cuda:0');
    await triedDevice('webgpu', probe, () => Promise.reject(new Error('CUDA is not looked for')));
    expect(asked).toEqual(['cuda:0', 'webgpu']);
  });

  it('is told with what keeps it from starting: all that CUDA lacks, or its own fault', async () => {
    const lacking = {
      part: 'provider',
      state: 'missing',
      found: 'not fetched',
      remedy: 'Fetch it.',
    } as const;
    const search = searching({ parts: [lacking], cards: [] });
    expect(await triedDevice('cuda:1', probing(), search)).toMatchObject({
      listed: { device: 'cuda:1', starts: false, missing: [{ what: 'not fetched', remedy: 'Fetch it.' }] },
      usable: null,
    });
    const { listed, usable } = await triedDevice('cuda:1', probing(['cuda:1']), there);
    expect([listed.missing[0]?.what, usable]).toEqual(['it does not start (no driver)', null]);
  });
});
