import { bytesOf, type Initializer } from '../graph/graph.js';
import type { HalfPrecision } from './precision.js';

/** Whether a constant is one number that two bytes hold as it is. */
export function isExact({ value, dims, data }: Initializer, half: HalfPrecision): boolean {
  if (value.type !== 'float32' || !(data instanceof Uint8Array) || dims.some((extent) => extent !== 1))
    return false;
  const [number] = floats(data);
  return number !== undefined && holds(formats[half], number);
}

/** Significant bits, and the exponents of the largest and of the least number of all significant bits. */
const formats = {
  float16: { bits: 11, largest: 15, least: -14 },
  bfloat16: { bits: 8, largest: 127, least: -126 },
} as const satisfies Record<HalfPrecision, object>;

function holds({ bits, largest, least }: (typeof formats)[HalfPrecision], number: number): boolean {
  if (number === 0) return true;
  const exponent = Math.floor(Math.log2(Math.abs(number)));
  const whole = Math.abs(number) * 2 ** (bits - 1 - exponent);
  return exponent <= largest && exponent >= least && Number.isInteger(whole);
}

/** The constant in two bytes, under a name of its own; null where its bytes are not at hand. */
export function inHalf({ value, dims, data }: Initializer, half: HalfPrecision): Initializer | null {
  if (!(data instanceof Uint8Array)) return null;
  return {
    value: { ...value, name: `${half}:${value.name}`, type: half },
    dims,
    data: bytesOf[half](floats(data)),
  };
}

/** The bytes may begin anywhere. */
function floats(data: Uint8Array): Float32Array {
  return new Float32Array(data.slice().buffer);
}
