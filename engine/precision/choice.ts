import { InputFault } from '../../errors/fault.js';
import { processor, webGpu } from '../device/device.js';
import type { ComputePrecision } from './precision.js';

/** As a pipeline asks for it (`training.precision`). */
export type PrecisionSetting = 'auto' | ComputePrecision;

interface Possible {
  /** What `auto` is. */
  readonly auto: ComputePrecision;
  /** What is not to be had, and why. */
  readonly refused: Readonly<Partial<Record<ComputePrecision, string>>>;
}

const onProcessor: Possible = {
  auto: 'float32',
  refused: {
    float16:
      'a processor has no products in float16: each would be cast to float32 and back, which takes longer',
    bfloat16: 'a processor has no products in bfloat16 in ONNX Runtime',
  },
};

const onWebGpu: Possible = {
  // Its products and sums in float16 add up in float16 (docs/devices.md).
  auto: 'float32',
  refused: { bfloat16: 'WebGPU has no bfloat16' },
};

const onCuda: Possible = { auto: 'float16', refused: {} };

/**
 * What a pipeline is trained in on a device. This alone decides it.
 *
 * @param device as it is recorded @throws InputFault where the device does not have, or gains nothing by, what is asked for
 */
export function precisionOn(device: string, setting: PrecisionSetting): ComputePrecision {
  const { auto, refused } = possibleOn(device);
  if (setting === 'auto') return auto;
  const reason = refused[setting];
  if (reason === undefined) return setting;
  throw new InputFault({
    where: 'training.precision',
    what: `${setting} is not trained in on ${device}: ${reason}`,
    remedy: `Leave it out, or set auto, which is ${auto} there.`,
  });
}

/**
 * What a model scores in on a device whose fold was judged in a precision: the same, so that thresholds hold for what
 * they are applied to; float32 where the device does not have it, or gains nothing by it.
 */
export function scoredIn(device: string, judged: ComputePrecision = 'float32'): ComputePrecision {
  return possibleOn(device).refused[judged] === undefined ? judged : 'float32';
}

function possibleOn(device: string): Possible {
  if (device === webGpu) return onWebGpu;
  return device !== processor && device.startsWith('cuda') ? onCuda : onProcessor;
}
