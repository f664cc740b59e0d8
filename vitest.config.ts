import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import LongestFirst from './test/setup/longest-first.js';

/** Folders of tests that drive servers and processes. */
const driving = [
  ...['bench', 'cli', 'cluster', 'faults', 'fuzz', 'infra', 'library', 'security', 'serving'],
  ...['store', 'worker'],
].map((folder) => `test/${folder}/**/*.test.ts`);

/** Workers and workflows in the process of the test: hundreds of modules are loaded for each. */
const orchestrating = ['test/activities/**/*.test.ts', 'test/workflows/**/*.test.ts'];

/** What mocks modules: whoever comes after it in a process has them as they were loaded before. */
const mocking = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.test.ts') && readFileSync(path, 'utf8').includes('vi.mock('));
const isOfEngine = (path: string): boolean => path.startsWith('test/engine/');

/** What of those that wait has a process for each file: it mocks modules, opens cards, or measures its own memory. */
const drivingApart = [
  ...['cli/on-webgpu', 'cli/run-on-webgpu', 'cli/plan/plan-on-device', 'serving/hostile'].map(
    (name) => `test/${name}.test.ts`,
  ),
  ...mocking.filter((path) => !isOfEngine(path)),
];

/** What of the engine has one: it mocks modules, or opens devices, whose drivers keep state. */
const apart = [
  ...[
    ...['device/**/*', 'models/on-devices', 'ops/ops', 'precision/on-devices', 'runtime/*'],
    ...['inference/text-scorer', 'training/fold-on-devices'],
  ].map((name) => `test/engine/${name}.test.ts`),
  ...mocking.filter(isOfEngine),
];

/** What measures time has both cores for itself. */
const measuring = ['test/workflows/orchestration-time.test.ts'];

/** Files share a process, and what it has loaded. */
const sharing = { isolate: false, setupFiles: 'test/setup/same-environment.ts' };

/** Tests of two cores: those that wait leave them to others. Projects run one after another. */
function project(name: string, test: TestProjectInlineConfiguration['test']): TestProjectInlineConfiguration {
  return {
    test: {
      name,
      testTimeout: 60_000,
      hookTimeout: 120_000,
      // What is waited for comes late on a busy machine, too.
      expect: { poll: { timeout: 20_000 } },
      pool: 'forks',
      // Many tests drive real processes, whose waits a busy machine overruns; the output shows what was tried again.
      retry: process.env['CI'] === 'true' ? 1 : 0,
      ...test,
    },
  };
}

export default defineConfig({
  test: {
    globalSetup: ['temporary-files', 'temporal-server', 'shared-folder'].map(
      (name) => `test/setup/${name}.ts`,
    ),
    sequence: { sequencer: LongestFirst },
    projects: [
      project('driving-apart', {
        include: drivingApart,
        maxWorkers: 4,
        sequence: { groupOrder: 0 },
      }),
      project('driving', {
        include: driving,
        exclude: drivingApart,
        ...sharing,
        maxWorkers: 4,
        sequence: { groupOrder: 0 },
      }),
      project('orchestrating', {
        include: orchestrating,
        exclude: [...measuring, ...drivingApart],
        ...sharing,
        maxWorkers: 4,
        sequence: { groupOrder: 0 },
      }),
      project('computing', {
        include: ['test/**/*.test.ts'],
        exclude: [...driving, ...orchestrating, ...drivingApart, ...apart],
        ...sharing,
        maxWorkers: 2,
        sequence: { groupOrder: 1 },
      }),
      project('apart', { include: apart, maxWorkers: 2, sequence: { groupOrder: 1 } }),
      project('measuring', { include: measuring, maxWorkers: 1, sequence: { groupOrder: 2 } }),
    ],
  },
});
