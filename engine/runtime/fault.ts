import { EnvironmentFault, Fault, type FaultDetails } from '../../errors/fault.js';

/** ONNX Runtime refused or failed: a model, a tensor, a run, or the library itself. Never retried. */
export class RuntimeFault extends Fault {
  constructor(details: FaultDetails, options: { cause?: unknown } = {}) {
    super(details, options);
  }
}

/** What happened to a device: it has no memory left, it is gone, or it reported another error. */
export type DeviceFaultKind = 'memory' | 'lost' | 'other';

const told: Readonly<Record<DeviceFaultKind, string>> = {
  memory: 'the device has no memory left',
  lost: 'the device is lost',
  other: 'the device reported an error',
};

/** A device failed while it was in use. What it held may be wrong from then on: go on from a checkpoint. */
export class DeviceFault extends EnvironmentFault {
  constructor(
    readonly kind: DeviceFaultKind,
    where: string,
    found: string,
  ) {
    super({ where, what: told[kind], found });
  }
}
