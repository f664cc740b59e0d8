import { expect, it } from 'vitest';
import { halvedTokens } from '../../../engine/inference/batch-tokens.js';

it('batches for which a card had no memory are half of what was tried, whatever that was', () => {
  expect(halvedTokens(1024, 0, 'cuda:0')).toBe(1024);
  expect(halvedTokens(1024, 1, 'cuda:0')).toBe(512);
  expect(halvedTokens(1024, 3, 'cuda:0')).toBe(128);
});

it('there are none smaller than helps, which is said with the device and the last that was tried', () => {
  expect(() => halvedTokens(1024, 4, 'cuda:1')).toThrow(
    /^device cuda:1: it has no memory left for batches of 128 tokens, the smallest that are tried/,
  );
});
