import { expect, it } from 'vitest';
import { toBfloat16 } from '../../../engine/graph/bfloat16.js';

it.each([
  ['one', 1, 0x3f80],
  ['minus zero', -0, 0x8000],
  ['the half between two, to the even one', 1 + 2 ** -8, 0x3f80],
  ['the half between two, to the even one above', 1 + 3 * 2 ** -8, 0x3f82],
  ['more than the half', 1 + 2 ** -8 + 2 ** -20, 0x3f81],
  ['the largest float32, beyond all', 3.4028234663852886e38, 0x7f80],
  ['minus infinity', -Infinity, 0xff80],
])('%s is the nearest bfloat16', (_, number, bits) => {
  expect(toBfloat16(Float32Array.of(number))[0]).toBe(bits);
});

it('NaN stays one, whatever its lower bits are', () => {
  const values = new Float32Array(Uint32Array.of(0x7f800001, 0xffffffff).buffer);
  for (const bits of toBfloat16(values)) expect((bits & 0x7f80) === 0x7f80 && (bits & 0x7f) !== 0).toBe(true);
});
