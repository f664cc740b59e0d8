import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRun, ended, foldwise, temporal, withoutRuns } from './built-command-line.js';
import { SmallProject } from './small-project.js';

describe.skipIf(!canRun)(`a run that is terminated under \`foldwise run\`${withoutRuns}`, () => {
  let project: SmallProject;
  beforeAll(() => {
    project = new SmallProject();
  });
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  const checkpoints = (): boolean => {
    const folder = join(project.workdir, '.foldwise', 'checkpoints');
    const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
    return files.some((name) => /[0-9a-f]{64}$/.test(name) && name.includes('/'));
  };

  it('ends the command with a failure, and the same command goes on from its checkpoints', async () => {
    const sets = [
      '--set',
      'training.epochs=200',
      '--set',
      'folds.count=2',
      '--set',
      'training.batchSize=1',
      '--set',
      'training.checkpointEvery=1',
    ];
    const command = [
      'run',
      project.pipeline,
      '--workdir',
      project.workdir,
      '--slots',
      '1',
      '--threads',
      '1',
      ...sets,
    ];
    const first = spawn(process.execPath, [join('dist', 'cli', 'main.js'), ...command], { stdio: 'ignore' });
    const exit = new Promise<number | null>((resolve) => first.once('exit', resolve));
    for (let tries = 0; tries < 600 && !checkpoints(); tries++) await delay(50);
    const record = JSON.parse(readFileSync(join(project.workdir, '.foldwise', 'server.json'), 'utf8')) as {
      address: string;
    };
    const query = 'WorkflowType = "pipeline"';
    const killed = await ended(temporal(), [
      'workflow',
      'terminate',
      '--query',
      query,
      '--yes',
      '--reason',
      'a test',
      '--address',
      record.address,
    ]);
    expect(killed.code, killed.err).toBe(0);
    expect(await exit).not.toBe(0);

    const again = await foldwise(command);
    expect(again.code, again.err).toBe(0);
    const runs = join(project.workdir, 'runs');
    const events = readdirSync(runs).flatMap((run) =>
      readFileSync(join(runs, run, 'events.ndjson'), 'utf8')
        .trim()
        .split('\n'),
    );
    const resumed = events.map((line) => (JSON.parse(line) as { resumedFrom?: number }).resumedFrom ?? 0);
    expect(Math.max(...resumed)).toBeGreaterThan(0);
  }, 180_000);
});
