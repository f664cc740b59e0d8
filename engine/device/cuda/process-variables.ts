import { kindOfDevice, type DeviceName } from '../device.js';

/**
 * Variables of a process that trains on a device. What is recorded on a card (resident/recorded-session.ts) is the
 * thread's that recorded it, and calls of the library take any of libuv's: with one of them a run is recorded once.
 */
export function processVariables(device: DeviceName | undefined): Readonly<Record<string, string>> {
  return device !== undefined && kindOfDevice(device) === 'cuda' ? { UV_THREADPOOL_SIZE: '1' } : {};
}
