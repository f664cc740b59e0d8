import { describe, expect, it } from 'vitest';
import { quantizeRows, transposed } from '../../../engine/quantization/quantized-rows.js';

describe('rows of whole numbers', () => {
  it('have a scale of their own, by which the largest entry is the last level', () => {
    const { values, scales } = quantizeRows(Float32Array.of(0.5, -1, 0.25, 0, 200, 100, 50, -200), 4, 100);
    expect([...values]).toEqual([50, -100, 25, 0, 100, 50, 25, -100]);
    expect([...scales]).toEqual([Math.fround(0.01), 2]);
  });

  it('of zeros stay zeros', () => {
    const { values, scales } = quantizeRows(Float32Array.of(0, -0, 1e-45, 0), 2, 127);
    expect([...values]).toEqual([0, 0, 0, 0]);
    expect([...scales]).toEqual([1, 1]);
  });

  it('never leave their levels', () => {
    const matrix = Float32Array.from({ length: 4096 }, (_, i) =>
      Math.fround(Math.sin(i * i) * 10 ** ((i % 60) - 40)),
    );
    for (const levels of [63, 127]) {
      const { values } = quantizeRows(matrix, 64, levels);
      expect(Math.max(...values)).toBe(levels);
      expect(Math.min(...values)).toBe(-levels);
    }
  });

  it('are turned', () => {
    expect([...transposed(Int8Array.of(1, 2, 3, 4, 5, 6), 2, 3)]).toEqual([1, 4, 2, 5, 3, 6]);
  });
});
