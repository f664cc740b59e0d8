import type { Address } from '../../runtime/native.js';

/** A pointer, as a launch is given it. An array has a buffer of its own: its address stays as long as it is held. */
export function pointer(address: Address): BigUint64Array {
  const argument = new BigUint64Array(new ArrayBuffer(8));
  argument[0] = address;
  return argument;
}

/** An `int`. */
export function int(value: number): Int32Array {
  const argument = new Int32Array(new ArrayBuffer(4));
  argument[0] = value;
  return argument;
}

/** A `double`. */
export function double(value: number): Float64Array {
  const argument = new Float64Array(new ArrayBuffer(8));
  argument[0] = value;
  return argument;
}

/** One `float` after the other. */
export function floats(values: readonly number[]): Float32Array {
  const argument = new Float32Array(new ArrayBuffer(4 * values.length));
  argument.set(values);
  return argument;
}
