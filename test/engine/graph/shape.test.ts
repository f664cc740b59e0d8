import { describe, expect, it } from 'vitest';
import { broadcast, broadcastAxes, sameShape } from '../../../engine/graph/shape.js';
import type { Shape } from '../../../engine/graph/shape.js';

describe('two shapes broadcast as in NumPy', () => {
  it.each<[Shape, Shape, Shape]>([
    [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    [[2, 3], [3], [2, 3]],
    [[3], [2, 3], [2, 3]],
    [
      [2, 1, 3],
      [4, 1],
      [2, 4, 3],
    ],
    [[], [2, 2], [2, 2]],
    [[], [], []],
    [[1], [1, 1], [1, 1]],
    [['tokens', 8], [8], ['tokens', 8]],
    [
      ['tokens', 1],
      ['tokens', 8],
      ['tokens', 8],
    ],
    [
      [1, 8],
      ['tokens', 8],
      ['tokens', 8],
    ],
    [
      ['heads', 1, 'length'],
      ['heads', 'length', 'length'],
      ['heads', 'length', 'length'],
    ],
  ])('%j with %j gives %j', (a, b, expected) => {
    expect(broadcast(a, b)).toEqual(expected);
    expect(broadcast(b, a)).toEqual(expected);
  });

  it.each<[Shape, Shape]>([
    [[2, 3], [2]],
    [
      [2, 3],
      [3, 3],
    ],
    [
      ['tokens', 8],
      ['texts', 8],
    ],
    [['tokens'], [4]],
  ])('%j with %j is refused, naming both', (a, b) => {
    expect(() => broadcast(a, b)).toThrow(`shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast`);
  });
});

describe('the axes to sum over on the way back', () => {
  it.each<[Shape, Shape, number[]]>([
    [[2, 3], [2, 3], []],
    [[2, 3], [3], [0]],
    [[2, 3], [1, 3], [0]],
    [
      [2, 4, 3],
      [4, 1],
      [0, 2],
    ],
    [[2, 3], [], [0, 1]],
    [[1, 1], [1], [0]],
    [['tokens', 8], [8], [0]],
    [['tokens', 8], ['tokens', 1], [1]],
    [['tokens', 1], ['tokens', 1], []],
  ])('from %j to %j are %j', (from, to, axes) => {
    expect(broadcastAxes(from, to)).toEqual(axes);
  });
});

describe('a named size', () => {
  it.each<[Shape, Shape, boolean]>([
    [['tokens', 2], ['tokens', 2], true],
    [['tokens', 2], ['texts', 2], false],
    [['tokens', 2], [2, 'tokens'], false],
    [['tokens'], ['tokens', 1], false],
    [[], [], true],
  ])('equals only itself: %j and %j', (a, b, same) => {
    expect(sameShape(a, b)).toBe(same);
  });
});
