import { automatic, type OneDevice } from '../../engine/device/choice.js';
import { requireKernels, type Precision } from '../../engine/inference/precision.js';
import { theProcessor, type UsableDevice } from './probe.js';
import { usableDevices, type UsableOptions } from './usable.js';

/**
 * The device that something is scored on, found to start. Where it is left open it is what a worker would take first;
 * of products of 8 bits the processor, which alone has them.
 *
 * @throws InputFault where the device that was named has no kernels for the precision
 * @throws DeviceUnusable where it does not start
 */
export async function scoringDevice(
  asked: OneDevice,
  precision: Precision,
  options: UsableOptions = {},
): Promise<UsableDevice> {
  if (asked === automatic && precision === 'int8') return theProcessor;
  if (asked !== automatic) requireKernels(precision, asked);
  const [device = theProcessor] = await usableDevices(asked === automatic ? asked : [asked], options);
  return device;
}
