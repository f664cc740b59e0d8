import { expect, it } from 'vitest';
import { digestData } from '../../../activities/tables/data-digest.js';

const table = (texts: readonly string[], labels: readonly number[]) => ({
  texts: { length: texts.length, lists: () => [texts.slice(0, 1), texts.slice(1)], range: () => [] },
  labels: Uint8Array.from(labels),
});
const names = ['joy', 'fear'];
const labels = [1, 0, 0, 1];

it('tells tables apart by their texts, their labels and the names of these', () => {
  const one = digestData(table(['a b', 'c'], labels), names);
  expect(one.texts).toMatch(/^[0-9a-f]{64}$/);
  expect(digestData(table(['a b', 'c'], labels), names)).toEqual(one);
  for (const texts of [
    ['a', 'b c'],
    ['a b', 'd'],
    ['c', 'a b'],
    ['a b', 'c\n1 d'],
  ])
    expect(digestData(table(texts, labels), names).texts, texts.join('|')).not.toBe(one.texts);
  const relabelled = digestData(table(['a b', 'c'], [1, 1, 0, 1]), names);
  expect(relabelled.texts).toBe(one.texts);
  expect(relabelled.rows).not.toBe(one.rows);
  expect(digestData(table(['a b', 'c'], labels), ['joy', 'anger']).rows).not.toBe(one.rows);
});
