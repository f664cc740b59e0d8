import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { longest } from './longest-first.js';

it('what begins first is there', () => {
  expect(longest.filter((file) => !existsSync(file))).toEqual([]);
});
