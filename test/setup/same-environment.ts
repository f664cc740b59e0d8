import { afterAll, expect } from 'vitest';

/** What a client of S3 and whoever opens a card in software set for good. */
const forGood = ['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'LP_NUM_THREADS'];

const environment = process.env;
const before = { ...environment };

/** Files share a process: a variable that one of them leaves behind would be found by the next. */
afterAll(() => {
  const names = new Set([...Object.keys(before), ...Object.keys(process.env)]);
  const left = [...names].filter((name) => process.env[name] !== before[name] && !forGood.includes(name));
  const isReplaced = process.env !== environment;
  process.env = environment;
  for (const name of left)
    if (before[name] === undefined) delete environment[name];
    else environment[name] = before[name];
  expect([left, isReplaced], 'variables left behind, the environment replaced').toEqual([[], false]);
});
