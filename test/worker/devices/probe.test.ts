import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pinnedVersion } from '../../../engine/runtime/library.js';
import { ProcessCrashed } from '../../../worker/child-process.js';
import { DeviceUnusable, probeDevice } from '../../../worker/devices/probe.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'foldwise-probe-'));
  writeFileSync(
    join(folder, 'child.mjs'),
    `const card = { name: 'a card', id: null, driver: '1', memoryBytes: 1, isSoftware: false };
     const details = { where: 'WebGPU', what: 'no device of it could be started', remedy: 'Install a driver.' };
     process.on('message', ({ name }) => {
       if (name === 'cuda:9') process.kill(process.pid, 'SIGSEGV');
       const reply = name === 'webgpu'
         ? { type: 'done', value: { signature: 'webgpu on a card', card } }
         : { type: 'failed', name: 'EnvironmentFault', message: 'WebGPU: …', retryable: true, details };
       process.send(reply, () => process.exit(0));
     });`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const probed = (name: Parameters<typeof probeDevice>[0]): ReturnType<typeof probeDevice> =>
  probeDevice(name, { script: join(folder, 'child.mjs') });

describe('a device that is tried', () => {
  it('tells its signature, which is the same for any number of threads, and its card', async () => {
    const { name, card, signature } = await probed('webgpu');
    expect([name, card?.name, signature(1), signature(8)]).toEqual([
      'webgpu',
      'a card',
      'webgpu on a card',
      'webgpu on a card',
    ]);
  });

  it('that does not start is named, with the reason and what to do', async () => {
    const found = probed('cuda:0');
    await expect(found).rejects.toThrow(DeviceUnusable);
    await expect(found).rejects.toThrow('device cuda:0: no device of it could be started. Install a driver.');
  });

  it('whose driver ends the process ends that process alone, and is named', async () => {
    const found = probed('cuda:9');
    await expect(found).rejects.toThrow(ProcessCrashed);
    await expect(found).rejects.toThrow(/device cuda:9: .*SIGSEGV/);
  });

  it('is the processor without a trial: its threads are part of its signature', async () => {
    const { card, signature } = await probed('cpu');
    expect(card).toBeNull();
    expect(signature(2)).toContain(`onnxruntime ${pinnedVersion}, cpu, 2 threads, `);
  });
});
