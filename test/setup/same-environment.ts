import { afterAll, expect } from 'vitest';

const environment = process.env;
const before = { ...environment };

/** Files share a process: a variable that one of them leaves behind would be found by the next. */
afterAll(() => {
  expect(process.env, 'the object of the environment').toBe(environment);
  const names = new Set([...Object.keys(before), ...Object.keys(environment)]);
  expect([...names].filter((name) => environment[name] !== before[name])).toEqual([]);
});
