import { expect, it } from 'vitest';
import { nearest } from '../../errors/suggestion.js';

const words = ['epochs', 'batchSize', 'learningRate', 'seed', 'id'];
it.each([
  ['epohcs', 'epochs'],
  ['epoch', 'epochs'],
  ['batchsize', 'batchSize'],
  ['learning_rate', 'learningRate'],
  ['sed', 'seed'],
  ['di', 'id'],
  ['momentum', undefined],
  ['', undefined],
  ['e'.repeat(1_000_000), undefined],
])('for %.20s it suggests %s', (word, expected) => {
  expect(nearest(word, words)).toBe(expected);
});
