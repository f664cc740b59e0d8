import { describe, expect, it } from 'vitest';
import { startWebGpu } from '../../../../engine/device/webgpu/device.js';
import { webGpuCard, webGpuSignature } from '../../../../engine/device/webgpu/card.js';
import { vulkanCards } from '../../../../engine/device/webgpu/vulkan.js';
import type { CardFacts } from '../../../../engine/device/device.js';
import { noWebGpu, withoutWebGpu } from '../../../setup/webgpu.js';

const one: CardFacts = {
  name: 'RTX 4090',
  id: '0x10de:0x2684',
  driver: 'NVIDIA 550.54.14 0x1',
  memoryBytes: 24e9,
  isSoftware: false,
};
const other: CardFacts = {
  ...one,
  name: 'UHD 770',
  id: '0x8086:0x4680',
  driver: 'Mesa 25.0.7 0x2',
  memoryBytes: 1e9,
};
const signature = (card: CardFacts | null, machine = 'here'): string =>
  webGpuSignature('1.30.0', card, () => machine);

describe('the signature of WebGPU', () => {
  it('names the card and its driver', () => {
    expect(signature(one)).toBe('onnxruntime 1.30.0, webgpu, RTX 4090 (0x10de:0x2684), NVIDIA 550.54.14 0x1');
  });

  it.each([
    ['another card', { ...one, name: 'RTX 4080' }],
    ['another model of that name', { ...one, id: '0x10de:0x2685' }],
    ['another driver', { ...one, driver: 'NVIDIA 560.0 0x1' }],
    ['a second card', webGpuCard([one, other])],
    ['a card that is not told', null],
  ])('is another one for %s', (_, card) => {
    expect(signature(card)).not.toBe(signature(one));
  });

  it('is one of all cards where there are several, whichever is taken', () => {
    expect(signature(webGpuCard([one, other]))).toContain('RTX 4090 or UHD 770');
    expect(webGpuCard([one, other])).toMatchObject({ memoryBytes: 1e9, isSoftware: false });
  });

  it('is no other machine’s where no card is told', () => {
    expect(signature(null, 'here')).not.toBe(signature(null, 'there'));
    expect(webGpuSignature('1.30.0', null)).toBe(webGpuSignature('1.30.0', null));
  });

  it('of a driver in software names the processor’s instructions', () => {
    expect(signature({ ...one, isSoftware: true })).toMatch(/, (?:x64|arm64) \S+$/);
  });
});

describe.skipIf(noWebGpu || process.platform !== 'linux')(`the cards of Vulkan${withoutWebGpu}`, () => {
  it('have names and drivers, and the device’s signature has them', async () => {
    const cards = vulkanCards();
    expect(cards.length).toBeGreaterThan(0);
    for (const { name, id, driver, memoryBytes } of cards) {
      expect(name).toMatch(/\w/);
      expect(id).toMatch(/^0x[0-9a-f]{4,}:0x[0-9a-f]{4,}$/);
      expect(driver).toMatch(/\w+.* 0x[0-9a-f]+$/);
      expect(memoryBytes).toBeGreaterThan(2 ** 20);
    }
    const device = await startWebGpu(1);
    expect(device.card).toEqual(webGpuCard(cards));
    for (const { name } of cards) expect(device.signature).toContain(name);
    device.release();
  });
});
