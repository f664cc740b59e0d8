import { describe, expect, it } from 'vitest';
import { decodeElements } from '../../../engine/checkpoint/element-format.js';
import { float16Overflow, toFloat16 } from '../../../engine/graph/float16.js';

const INFINITE = 0x7c00;

/** The values of all bit patterns. */
const values = new Float32Array(0x10000);
decodeElements('F16', new Uint8Array(Uint16Array.from(values, (_, bits) => bits).buffer), values);
const valueOf = (bits: number): number => values[bits]!;

function halfOf(value: number): number {
  return toFloat16(Float32Array.of(value))[0]!;
}

/** The float32 number so many steps away from one that is above 0. */
function beside(value: number, steps: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0]! += steps;
  return new Float32Array(bits.buffer)[0]!;
}

describe('float16', () => {
  it('has each of its numbers as it is, by its bits', () => {
    const found = toFloat16(values);
    const other = Array.from(found.keys()).filter((bits) => found[bits] !== bits);
    // Of a NaN neither sign nor payload is kept.
    expect(other.filter((bits) => (bits & 0x7fff) <= INFINITE)).toEqual([]);
    expect(other.filter((bits) => (found[bits]! & 0x7fff) <= INFINITE)).toEqual([]);
  });

  // With rounding that never turns two numbers round, this is every float32 number there is.
  it('rounds halfway between any two of them to the even one, and on either side to the nearer', () => {
    const wrong: number[] = [];
    for (let bits = 0; bits < INFINITE; bits++) {
      const next = bits + 1 === INFINITE ? 2 ** 16 : valueOf(bits + 1);
      const halfway = (valueOf(bits) + next) / 2;
      expect(Math.fround(halfway)).toBe(halfway);
      const given = [beside(halfway, -1), halfway, beside(halfway, 1)];
      const nearest = [bits, bits + (bits % 2), bits + 1];
      const found = [...toFloat16(Float32Array.from(given))];
      const negative = [...toFloat16(Float32Array.from(given, (value) => -value))];
      if (found.join() !== nearest.join()) wrong.push(bits);
      if (negative.join() !== nearest.map((each) => each | 0x8000).join()) wrong.push(bits | 0x8000);
    }
    expect(wrong).toEqual([]);
  });

  it('never turns two numbers round', () => {
    let state = 1;
    const drawn = Uint32Array.from({ length: 1 << 18 }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state & 0x7fffffff;
    }).sort();
    const found = toFloat16(new Float32Array(drawn.filter((bits) => bits <= 0x7f800000).buffer));
    expect(found.every((bits, place) => place === 0 || bits >= found[place - 1]!)).toBe(true);
    expect(new Set(found).size).toBeGreaterThan(10_000);
  });

  it('is infinite from where it overflows, and 0 below half of its least number', () => {
    expect(halfOf(beside(float16Overflow, -1))).toBe(INFINITE - 1);
    expect(valueOf(INFINITE - 1)).toBe(65_504);
    for (const value of [float16Overflow, 1e6, 3.4e38, Infinity]) expect(halfOf(value)).toBe(INFINITE);
    expect(halfOf(-Infinity)).toBe(INFINITE | 0x8000);
    for (const value of [0, 2 ** -25, 1e-38, 2 ** -149]) expect(halfOf(value)).toBe(0);
    expect(halfOf(-0)).toBe(0x8000);
    expect(halfOf(NaN) & 0x7fff).toBeGreaterThan(INFINITE);
  });
});
