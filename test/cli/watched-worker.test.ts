import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { readRecord, type ServerRecord } from '../../infra/server/record.js';
import { processState } from '../../store/process-identity.js';
import { WorkerMetrics } from '../../worker/metrics/worker-metrics.js';
import { canRun, foldwise, withoutRuns } from './built-command-line.js';
import { privateWords, SmallProject } from './small-project.js';

const main = join('dist', 'cli', 'main.js');

/** What JSON has in its place where there is none. */
interface Line {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly worker?: string;
  readonly run?: string;
  readonly fold?: number;
  readonly attempt?: number;
  readonly activityType?: string;
}

describe.skipIf(!canRun)(`a worker that is looked after${withoutRuns}`, () => {
  let project: SmallProject;
  let dev: ChildProcess;
  let err = '';
  let url = '';
  let server: ServerRecord | null = null;

  beforeAll(async () => {
    project = new SmallProject();
    const env = { ...process.env, FOLDWISE_METRICS: '0', HF_HUB_OFFLINE: '1' };
    const args = ['--workdir', project.workdir, '--root', project.folder, '--slots', '2', '--threads', '1'];
    dev = spawn(
      process.execPath,
      [main, 'dev', '--json', '--log-level', 'debug', '--log-format', 'json', ...args],
      {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let out = '';
    dev.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
    dev.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
    while (!out.trimEnd().endsWith('}') && dev.exitCode === null) await delay(100);
    ({ metrics: url } = JSON.parse(out) as { metrics: string });
    server = await readRecord(project.workdir);
  });
  afterAll(() => {
    dev.kill('SIGKILL');
    if (server !== null && processState(server) === 'alive') process.kill(server.pid, 'SIGKILL');
    rmSync(project.folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const status = async (path: string): Promise<number | null> => {
    const answer = await fetch(url + path, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
    return answer?.status ?? null;
  };
  const signal = (name: NodeJS.Signals): void => {
    if (server === null) throw new Error('no server is noted');
    process.kill(server.pid, name);
  };
  const scrape = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();

  it('listens on this machine alone, and is ready', async () => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await status('/healthz')).toBe(200);
    await expect.poll(() => status('/readyz')).toBe(200);
  });

  it('tells of a run as it goes, the SDK with it, in what one scrape reads', async () => {
    const started = await foldwise(['start', project.pipeline, '--workdir', project.workdir]);
    expect(started.code).toBe(0);
    await expect
      .poll(scrape, { timeout: 60_000, interval: 50 })
      .toMatch(/^foldwise_fold_loss\{slot="\d"\} \d/m);
    const during = await scrape();
    await expect.poll(scrape, { timeout: 60_000 }).toMatch(/^temporal_workflow_completed\{.*\} 1$/m);
    const text = await scrape();
    // 40 rows in two folds of twenty: eight epochs of five steps, twice.
    expect(text).toMatch(/^foldwise_training_steps_total 80$/m);
    expect(text).toMatch(/^foldwise_training_epochs_total 16$/m);
    expect(text).toMatch(/^foldwise_fold_attempts_total\{outcome="finished"\} 2$/m);
    expect(text).toMatch(/^foldwise_store_seconds_count\{operation="get"\} [1-9]\d*$/m);
    expect(text).toMatch(/^foldwise_store_bytes_total\{direction="written"\} [1-9]\d*$/m);
    expect(text).toMatch(/^foldwise_sdk_metrics_up 1$/m);
    expect(text).toMatch(/^foldwise_worker_ready 1$/m);
    // Published dashboards expect milliseconds, and names without a unit.
    expect(text).toMatch(/^temporal_workflow_task_execution_latency_bucket\{.*le="1000"\} \d+$/m);
    for (const { definition } of new WorkerMetrics().instruments)
      expect(text).toContain(`# TYPE ${definition.name} ${definition.type}\n`);
    // What dashboard and alerts ask of the SDK, but for what is there only once something has failed.
    for (const file of ['alerts.yaml', 'grafana-dashboard.json'])
      for (const [name] of readFileSync(join('infra/monitoring', file), 'utf8').matchAll(/temporal_[a-z_]+/g))
        if (!/_(failed|failure|canceled)$/.test(name)) expect(text).toMatch(new RegExp(`^${name}\\{`, 'm'));
    expect(during).toMatch(/^foldwise_children_resident_memory_bytes\{kind="trainer"\} [1-9]\d{6,}$/m);
    const types = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
    expect(new Set(types).size).toBe(types.length);
    // Nothing of what is run: neither texts, nor paths, nor the names of runs.
    for (const secret of [privateWords, project.folder, 'small-']) expect(text).not.toContain(secret);
  });

  it('has every line of its log as one JSON object that says whose it is', () => {
    const file = readFileSync(join(project.workdir, '.foldwise', 'worker.log'), 'utf8');
    for (const written of [file, err]) {
      const lines = written.split('\n').filter((line) => line !== '');
      const entries = lines.map((line) => JSON.parse(line) as Line);
      expect(entries.length).toBeGreaterThan(20);
      for (const { time, level, message } of entries) {
        expect(new Date(time).toISOString()).toBe(time);
        expect(level).toMatch(/^(TRACE|DEBUG|INFO|WARN|ERROR)$/);
        expect(message).not.toBe('');
      }
      // The SDK tells that an activity starts before anybody has seen what it is asked for.
      const ofFolds = entries.filter(
        ({ activityType, message }) => activityType === 'trainFold' && message !== 'Activity started',
      );
      expect(new Set(ofFolds.map(({ fold }) => fold))).toEqual(new Set([1, 2]));
      for (const { worker, run, attempt } of ofFolds) {
        expect(worker).toMatch(/^\d+@.*#[0-9a-f]{12}$/);
        expect(run).toMatch(/^small-/);
        expect(attempt).toBe(1);
      }
    }
  });

  it('lives but is not ready while the server does not answer, and is again once it does', async () => {
    signal('SIGSTOP');
    try {
      await expect.poll(() => status('/readyz'), { timeout: 30_000 }).toBe(503);
      expect(await (await fetch(`${url}/readyz`)).text()).toContain('server: it ');
      expect(await status('/healthz')).toBe(200);
      expect(await scrape()).toMatch(/^foldwise_worker_ready 0$/m);
    } finally {
      signal('SIGCONT');
    }
    await expect.poll(() => status('/readyz'), { timeout: 30_000 }).toBe(200);
  });

  it('lives but is not ready from the signal to its end', async () => {
    const ended = once(dev, 'exit');
    dev.kill('SIGTERM');
    const seen: (number | null)[] = [];
    while (seen.at(-1) !== null) seen.push(await status('/readyz'));
    const from = seen.indexOf(503);
    expect(seen.slice(from).includes(200)).toBe(false);
    expect(await ended).toEqual([0, null]);
    expect(server !== null && processState(server)).toBe('gone');
    for (const line of err.split('\n').filter((text) => text !== ''))
      expect(() => void JSON.parse(line)).not.toThrow();
  });

  it('says so where it cannot listen there, in a line of JSON where the log is', async () => {
    const taken = await foldwise([
      'worker',
      '--metrics',
      '192.0.2.1:1',
      '--log-format',
      'json',
      '--workdir',
      project.workdir,
    ]);
    expect(taken.code).toBe(1);
    expect(JSON.parse(taken.err)).toMatchObject({
      level: 'ERROR',
      message: expect.stringContaining('192.0.2.1') as string,
    });
    const wrong = await foldwise(['worker', '--metrics', 'example.org:99999']);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('It must be a port');
  });
});
