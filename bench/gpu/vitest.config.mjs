import { defineConfig } from 'vitest/config';

/** The suite's tests of devices, without the servers that other tests want. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
    retry: 0,
  },
});
