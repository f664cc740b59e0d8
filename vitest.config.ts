import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/temporal-server.ts', 'test/setup/workflow-bundles.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is waited for comes late on a busy machine, too.
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    maxWorkers: 2,
    // Many tests drive real processes, whose waits a busy machine overruns; the output shows what was tried again.
    retry: process.env['CI'] === 'true' ? 1 : 0,
  },
});
