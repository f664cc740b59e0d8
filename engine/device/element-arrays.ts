import { RuntimeFault } from '../runtime/fault.js';
import type { ElementArray, ElementType, Value } from '../runtime/runtime.js';

const arrays: Readonly<Record<ElementType, new (length: number) => ElementArray>> = {
  float32: Float32Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  bool: Uint8Array,
};

/** An array of the host's for a tensor. */
export function zeros({ type, shape }: Pick<Value, 'type' | 'shape'>): ElementArray {
  return new arrays[type](elementCount(shape));
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** @throws RuntimeFault unless an array is of a tensor's type, and as long as it */
export function verifyFits(data: ElementArray, { type, shape }: Pick<Value, 'type' | 'shape'>): void {
  const length = elementCount(shape);
  if (data instanceof arrays[type] && data.length === length) return;
  throw new RuntimeFault({
    where: 'upload',
    what: 'the array does not fit the tensor',
    found: `${data.length} in ${data.constructor.name}`,
    expected: `${length} of ${type}`,
  });
}
