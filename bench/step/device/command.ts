import { InvalidArgumentError } from 'commander';
import { automatic, deviceForm, parseDevices } from '../../../engine/device/choice.js';
import type { DeviceName } from '../../../engine/device/device.js';
import type { ComparisonOptions } from '../compare.js';
import { compareOnDevice, type Precision } from './compare.js';
import { summariseDevice, type DeviceSummary } from './summary.js';
import { deviceTable } from './table.js';

/** Where, in what and how often steps are taken. */
export interface OnDevice {
  readonly device: DeviceName;
  readonly precision: Precision;
  readonly turns: number;
}

/** @param found told the table, as soon as it is there */
export async function benchOnDevice(
  options: ComparisonOptions & OnDevice,
  found: (table: string) => void,
): Promise<DeviceSummary> {
  const measurement = await compareOnDevice(options);
  const summary = summariseDevice(measurement, options.batches.batches.length);
  found(deviceTable(summary));
  return summary;
}

/** As the reference method has it on a card, where nobody says. */
export function usualPrecision(device: DeviceName): Precision {
  return device.startsWith('cuda:') ? 'float16' : 'float32';
}

export function oneDevice(text: string): DeviceName {
  const choice = parseDevices(text, '--device');
  const [device, ...others] = choice === automatic ? [] : choice;
  if (device !== undefined && others.length === 0) return device;
  throw new InvalidArgumentError(`Expected one device: ${deviceForm.replace(/^auto, or /, '')}.`);
}
