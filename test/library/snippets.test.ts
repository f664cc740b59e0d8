import { TestWorkflowEnvironment } from '@temporalio/testing';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEnsemble, type Prediction } from '../../library/index.js';
import { canRun, temporal, withoutRuns } from '../cli/built-command-line.js';
import type { SmallProject } from '../cli/small-project.js';
import { SmallRun } from '../setup/small-run.js';
import { findChromium } from '../report/chromium.js';
import { snippetsOf } from '../setup/markdown.js';
import { ModulePage } from '../setup/module-page.js';
import { noBrowserLibrary } from '../setup/transformers-js.js';

const execute = promisify(execFile);
const minutes = 60_000;

/** The programs of the page, by the names that their first lines give them. */
const snippets = new Map(
  snippetsOf(readFileSync('docs/library.md', 'utf8'), '(?:js|python)').map((code) => [
    /^(?:\/\/|#) (\S+)\n/.exec(code)?.[1] ?? '',
    code,
  ]),
);

const python = process.env['FOLDWISE_PYTHON'] ?? 'python3';
const modules =
  'import sys, importlib.util as u; sys.exit(not all(map(u.find_spec, ("torch", "transformers"))))';
const noPython = spawnSync(python, ['-c', modules]).status !== 0;
const withoutPython = noPython ? ' (skipped: FOLDWISE_PYTHON has no torch and transformers)' : '';

const chrome = findChromium();
const noBrowser = chrome === null || noBrowserLibrary;
const withoutBrowser = noBrowser
  ? ' (skipped: no Chromium, or no transformers.js in FOLDWISE_TRANSFORMERS_JS)'
  : '';

/** Of a probability: float32 rounding, in another order. */
const near = 1e-5;

describe.skipIf(!canRun)(`the programs of docs/library.md${withoutRuns}`, { timeout: 5 * minutes }, () => {
  let project: SmallProject;
  let expected: Prediction[];
  const texts = ['What a lovely day!', 'I did not expect that.'];

  beforeAll(async () => {
    const trained = await SmallRun.shared();
    ({ project } = trained);
    const installed = join(project.folder, 'node_modules');
    mkdirSync(installed);
    symlinkSync(process.cwd(), join(installed, 'foldwise'), 'dir');
    symlinkSync(resolve('node_modules/@temporalio'), join(installed, '@temporalio'), 'dir');
    for (const [name, code] of snippets) project.write(name, code);
    const exported = await trained.on('export', trained.id, join(project.folder, 'ensemble'));
    expect([exported.code, exported.err]).toEqual([0, expect.not.stringMatching(/^error/m)]);
    await using ensemble = await loadEnsemble(join(project.folder, 'ensemble'), { threads: 1 });
    expected = await ensemble.predict(texts);
  }, 5 * minutes);
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  /** What a program gave of the texts, beside what the library gives. */
  function compare(found: readonly { labels: readonly string[]; probabilities: readonly number[] }[]): void {
    expect(found.map(({ labels }) => labels)).toEqual(expected.map(({ labels }) => labels));
    for (const [i, { probabilities }] of found.entries()) {
      const ours = Object.values(expected[i]!.probabilities);
      expect(probabilities).toHaveLength(ours.length);
      probabilities.forEach((p, label) => expect(Math.abs(p - ours[label]!)).toBeLessThan(near));
    }
  }

  const node = (name: string) => execute(process.execPath, [name], { cwd: project.folder });

  it('are all run here', () => {
    expect([...snippets.keys()]).toEqual([
      'predict.mjs',
      'train.mjs',
      'workflows.mjs',
      'worker.mjs',
      'predict.py',
      'predict-in-browser.mjs',
    ]);
  });

  it('predict in Node', async () => {
    const [label] = Object.entries(expected[0]!.probabilities);
    const { stdout } = await node('predict.mjs');
    expect(stdout).toContain(`${label![0]}: ${String(label![1]).slice(0, 6)}`);
  });

  it('predict in Node as the card of the exported folder does', async () => {
    const folder = join(project.folder, 'ensemble');
    const [code] = snippetsOf(readFileSync(join(folder, 'README.md'), 'utf8'), 'js');
    const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', code!], { cwd: folder });
    const [label] = Object.entries(expected[0]!.probabilities);
    expect(stdout).toContain(`${label![0]}: ${String(label![1]).slice(0, 6)}`);
  });

  it('train in Node', async () => {
    const { stdout, stderr } = await node('train.mjs');
    expect(stdout).toMatch(/runs\/small-\S+ [01](?:\.\d+)?\n$/);
    expect(stderr).toMatch(/^completed$/m);
  });

  it('work for a workflow of one’s own', async () => {
    const server = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: temporal() } },
    });
    const env = { ...process.env, TEMPORAL_ADDRESS: server.address };
    const worker = spawn(process.execPath, ['worker.mjs'], { cwd: project.folder, env, stdio: 'ignore' });
    try {
      const asked = { taskQueue: 'texts', workflowId: 'greet', args: ['you'] };
      expect(await server.client.workflow.execute('greet', asked)).toBe('hello you');
      const exit = once(worker, 'exit');
      worker.kill('SIGTERM');
      expect(await exit).toEqual([0, null]);
    } finally {
      worker.kill('SIGKILL');
      await server.teardown();
    }
  });

  it.skipIf(noPython)(`predict in Python${withoutPython}`, async () => {
    const { stdout } = await execute(python, ['predict.py'], { cwd: project.folder });
    compare(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Parameters<typeof compare>[0][number]),
    );
  });

  it.skipIf(noBrowser)(`predict in a browser${withoutBrowser}`, async () => {
    const module = snippets.get('predict-in-browser.mjs')!;
    await using page = await ModulePage.open(chrome!, module, { ensemble: join(project.folder, 'ensemble') });
    await page.tab.waitForFunction("document.body.textContent.trim().startsWith('[')");
    compare(JSON.parse((await page.tab.textContent('body')) ?? '') as Parameters<typeof compare>[0]);
  });
});
