import { InputFault } from '../../errors/fault.js';
import { processor, type DeviceName } from '../device/device.js';

/** What the products of a model are computed in. */
export const precisions = ['float32', 'int8'] as const;

export type Precision = (typeof precisions)[number];

/** What an ensemble is handed over in: also with weights that are stored in float16, for products in float32. */
export type ExportedPrecision = Precision | 'float16';

/** @throws InputFault where a device has no kernels for products in a precision */
export function requireKernels(precision: ExportedPrecision, device: DeviceName): void {
  if (precision !== 'int8' || device === processor) return;
  throw new InputFault({
    where: `device ${device}`,
    what: 'it has no kernels for products of 8 bits',
    expected: `int8 on the processor (${processor}), or float32`,
    remedy: 'Leave out int8, or score on the processor.',
  });
}
