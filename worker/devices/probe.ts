import { fileURLToPath } from 'node:url';
import { cpuSignature } from '../../engine/device/cpu/signature.js';
import { processor, type CardFacts, type DeviceName } from '../../engine/device/device.js';
import { pinnedVersion } from '../../engine/runtime/library.js';
import { EnvironmentFault, type Fault } from '../../errors/fault.js';
import type { OutputListener } from '../child-process.js';
import { askChild, type FailedReply, type RequestReply } from '../request-process.js';

/** A device that has been found to start. */
export interface UsableDevice {
  readonly name: DeviceName;
  /** What it computes on, as far as that is told; null for the processor. */
  readonly card: CardFacts | null;
  /** As `Device.signature`. @param threads of the processor */
  readonly signature: (threads: number) => string;
}

export interface DeviceRequest {
  readonly name: DeviceName;
}

export interface StartedDevice {
  readonly signature: string;
  readonly card: CardFacts | null;
}

export type DeviceReply = RequestReply<StartedDevice>;

/** It was asked for, and does not start. */
export class DeviceUnusable extends EnvironmentFault {}

/** Finds out whether a device starts. */
export type Probe = (name: DeviceName) => Promise<UsableDevice>;

export interface ProbeOptions {
  /** Told what the driver prints; by default it goes to stderr. */
  readonly onOutput?: OutputListener;
  /** Once aborted, the child ends. */
  readonly signal?: AbortSignal;
  /** What the child runs. Default: that of the build. */
  readonly script?: string;
}

/** The process in which devices are tried. */
export const deviceChild = fileURLToPath(new URL('../device-child.js', import.meta.url));

/**
 * Starts a device once, in a process of its own that ends then: a driver that crashes ends that one.
 *
 * @throws DeviceUnusable that says why it does not start
 */
export async function probeDevice(
  name: DeviceName,
  { onOutput, signal, script = deviceChild }: ProbeOptions = {},
): Promise<UsableDevice> {
  if (name === processor) return theProcessor;
  const where = `device ${name}`;
  const faultOf = (reply: FailedReply): Fault =>
    new DeviceUnusable({ ...(reply.details ?? { what: reply.message }), where });
  const request: DeviceRequest = { name };
  const { signature, card } = await askChild<StartedDevice>(script, request, {
    where,
    kind: 'engine',
    onOutput,
    signal,
    faultOf,
  });
  return { name, card, signature: () => signature };
}

/** It is there wherever this is. */
export const theProcessor: UsableDevice = {
  name: processor,
  card: null,
  signature: (threads) => cpuSignature(pinnedVersion, threads),
};
