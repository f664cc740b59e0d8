import { TestWorkflowEnvironment } from '@temporalio/testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRun, ended, temporal, withoutRuns } from '../cli/built-command-line.js';
import { SmallProject } from '../cli/small-project.js';

const example = (name: string): string => join(process.cwd(), 'examples/library', name);

/** A program that goes on until it is told to end, once it has said a line. */
class Program {
  private readonly lines: AsyncIterator<string>;
  said = '';
  private readonly child: ChildProcess;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.said += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.said += text));
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.child = child;
  }

  async line(): Promise<string> {
    const next = await this.lines.next();
    if (next.done === true) throw new Error(`it ended: ${this.said}`);
    return next.value;
  }

  async stop(): Promise<number | null> {
    const exit = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    return ((await exit) as [number | null])[0];
  }
}

describe.skipIf(!canRun)(`the examples of the library${withoutRuns}`, { timeout: 240_000 }, () => {
  let project: SmallProject;
  beforeAll(() => {
    project = new SmallProject();
  });
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  it('train in one process, show how far it is, predict, and leave nothing running', async () => {
    const { code, out, err } = await ended(process.execPath, [
      example('train.mjs'),
      project.pipeline,
      project.workdir,
    ]);
    expect([code, out, err]).toEqual([
      0,
      expect.stringMatching(/^small-\d{8}-\d{6}-[0-9a-f]{6}: macro F1 [01]\.\d{3}\njoy fear\n$/),
      expect.stringMatching(/data completed, fold running, .*\n.*report completed\n$/s),
    ]);
    expect(existsSync(join(project.workdir, '.foldwise', 'server.json'))).toBe(false);
  });

  it('serve what was trained, and refuse what is no list of texts', async () => {
    const runs = join(project.workdir, 'runs');
    const service = new Program([example('service.mjs'), join(runs, readdirSync(runs)[0]!), '0']);
    const [, url = ''] = /^(\S+) labels texts with joy, fear$/.exec(await service.line()) ?? [];
    const post = async (body: string): Promise<[number, unknown]> => {
      const response = await fetch(url, { method: 'POST', body });
      return [response.status, await response.json()];
    };
    const probability = expect.closeTo(0.5, 0) as unknown;
    const probabilities = { joy: probability, fear: probability };
    const [status, [first, second]] = (await post('["glad", ""]')) as [number, unknown[]];
    expect([status, first, second]).toEqual([
      200,
      { probabilities, labels: expect.any(Array) as unknown },
      { probabilities, labels: expect.any(Array) as unknown },
    ]);
    expect(await post('[1]')).toEqual([400, { error: 'predict: texts[0]: expected a string, found 1' }]);
    expect((await post('{'))[0]).toBe(400);
    expect(await service.stop()).toBe(0);
  });

  it('work as a worker of one’s own, with a workflow and an activity beside those of foldwise', async () => {
    const server = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: temporal() } },
    });
    try {
      const env = { TEMPORAL_ADDRESS: server.address };
      const worker = new Program([example('worker.mjs'), project.folder], env);
      expect(await worker.line(), worker.said).toBe('working');
      const { code, out, err } = await ended(process.execPath, [example('start.mjs'), project.pipeline], env);
      expect([code, out, err], worker.said).toEqual([
        0,
        expect.stringMatching(
          /^(\S+) announced\nsmall-\S+ reused data, fold, oof, thresholds, submission\n$/,
        ),
        '',
      ]);
      expect(worker.said).toMatch(/ has macro F1 [01]\.\d{3}/);
      expect(await worker.stop()).toBe(0);
    } finally {
      await server.teardown();
    }
  });
});
