import { Fault, type FaultDetails } from '../../errors/fault.js';

/** ONNX Runtime refused or failed: a model, a tensor, a run, or the library itself. Never retried. */
export class RuntimeFault extends Fault {
  constructor(details: FaultDetails, options: { cause?: unknown } = {}) {
    super(details, options);
  }
}
