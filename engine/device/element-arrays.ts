import { elementCount, elements } from '../runtime/elements.js';
import { RuntimeFault } from '../runtime/fault.js';
import type { ElementArray, Value } from '../runtime/runtime.js';

/** An array of the host's for a tensor. */
export function zeros({ type, shape }: Pick<Value, 'type' | 'shape'>): ElementArray {
  const { array, bytes } = elements[type];
  return new array(new ArrayBuffer(elementCount(shape) * bytes));
}

/** @throws RuntimeFault unless an array is of a tensor's type, and as long as it */
export function verifyFits(data: ElementArray, { type, shape }: Pick<Value, 'type' | 'shape'>): void {
  const length = elementCount(shape);
  if (data instanceof elements[type].array && data.length === length) return;
  throw new RuntimeFault({
    where: 'upload',
    what: 'the array does not fit the tensor',
    found: `${data.length} in ${data.constructor.name}`,
    expected: `${length} of ${type}`,
  });
}
