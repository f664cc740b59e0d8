import { Context } from '@temporalio/activity';
import { processor, type DeviceName } from '../engine/device/device.js';
import { requireKernels, type Precision } from '../engine/inference/precision.js';
import type { Services } from './services.js';

/**
 * Scores on a device of this worker, which is lent for as long as that takes: all of what is scored together has one
 * device. Where there is the processor alone nobody waits for it.
 *
 * @throws InputFault where none of the devices has kernels for the precision
 */
export async function onScoringDevice<T>(
  { devices }: Pick<Services, 'devices'>,
  precision: Precision,
  work: (device: DeviceName) => Promise<T>,
): Promise<T> {
  requireScorable(devices, precision);
  const fitting = precision === 'int8' ? [processor] : devices.names;
  if (fitting.every((name) => name === processor)) return work(processor);
  const loan = await devices.borrow(Context.current().cancellationSignal);
  try {
    return await work(loan.device);
  } finally {
    loan.giveBack();
  }
}

/** @throws InputFault where none of a worker's devices has kernels for the precision */
export function requireScorable({ names }: Services['devices'], precision: Precision): void {
  const [device = processor] = names;
  if (!names.includes(processor)) requireKernels(precision, device);
}
