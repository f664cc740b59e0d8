/** From here on a finite number rounds to an infinite float16: halfway from the largest, 65504, to what would be next. */
export const float16Overflow = 65_520;

/** Bits of float32 numbers: the least that is a normal float16, 2⁻¹⁴, and infinity. */
const NORMAL = 0x38800000;
const INFINITE = 0x7f800000;

/** The bits of the nearest float16 numbers, of two the even one; beyond ±65504 infinite. */
export function toFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = float16Of(bits[i] as number);
  return halves;
}

function float16Of(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  // A NaN stays one, whatever its lower bits were.
  if (magnitude > INFINITE) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  return sign | (magnitude < NORMAL ? subnormalOf(magnitude) : normalOf(magnitude));
}

/** The exponent is counted from 15 in place of 127, and 13 bits of the fraction are rounded away. */
function normalOf(magnitude: number): number {
  const even = (magnitude >>> 13) & 1;
  return Math.min((magnitude + 0xfff + even - (112 << 23)) >>> 13, 0x7c00);
}

/** A whole number of 2⁻²⁴; what comes out as 1024 of them is the least normal number. */
function subnormalOf(magnitude: number): number {
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const dropped = 126 - (magnitude >>> 23);
  // Less than half of 2⁻²⁴, zero included. float32's own subnormal numbers are far below.
  if (dropped > 24) return 0;
  const kept = fraction >>> dropped;
  const half = 2 ** (dropped - 1);
  const rest = fraction - kept * 2 * half;
  return kept + Number(rest > half || (rest === half && kept % 2 === 1));
}
