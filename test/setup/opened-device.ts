import { afterAll, beforeAll } from 'vitest';
import type { Device } from '../../engine/device/device.js';

/** A device for the tests of a suite. @returns it, for the time of a test */
export function opened(open: () => Promise<Device>): () => Device {
  let device: Device | undefined;
  beforeAll(async () => (device = await open()));
  afterAll(() => device?.release());
  return () => device!;
}
