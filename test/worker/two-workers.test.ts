import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRun, foldwise, withoutRuns } from '../cli/built-command-line.js';
import { SmallProject } from '../cli/small-project.js';
import { startEnvironment } from '../workflows/bench.js';

/** The children of a process are read where Linux lists them. */
const linux = existsSync('/proc/self/task');
const without = linux ? withoutRuns : ' (skipped: needs /proc)';
const folds = 6;

describe.skipIf(!canRun || !linux)(`two workers on the queue of the folds${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let project: SmallProject;
  const hired: ChildProcess[] = [];
  const env = (): NodeJS.ProcessEnv => ({ TEMPORAL_ADDRESS: environment.address });

  beforeAll(async () => {
    environment = await startEnvironment();
    project = new SmallProject();
  });
  afterAll(async () => {
    for (const worker of hired) worker.kill('SIGKILL');
    await environment?.teardown();
    rmSync(project.folder, { recursive: true, force: true });
  });

  const hire = async (queue: string): Promise<ChildProcess> => {
    const place = ['--workdir', project.workdir, '--root', project.folder, project.workdir];
    const command = [
      join('dist', 'cli', 'main.js'),
      'worker',
      '--queue',
      queue,
      '--slots',
      '1',
      '--threads',
      '1',
    ];
    const worker = spawn(process.execPath, [...command, ...place], {
      env: { ...process.env, ...env() },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    hired.push(worker);
    await once(worker.stdout, 'data');
    return worker;
  };

  /** Identities of those who train a fold just now. */
  const training = async (handle: WorkflowHandle): Promise<string[]> => {
    const { raw } = await handle.describe();
    return (raw.pendingActivities ?? []).flatMap(({ activityType, lastWorkerIdentity, lastStartedTime }) =>
      activityType?.name === 'trainFold' && lastStartedTime != null ? (lastWorkerIdentity ?? []) : [],
    );
  };

  it('share the folds; when one is killed its trainer leaves, the other finishes all, and nobody is left over', async () => {
    await hire('main');
    const [first, second] = [await hire('gpu'), await hire('gpu')];
    const sets = ['training.epochs=40', 'training.batchSize=1', `folds.count=${folds}`];
    const place = ['--workdir', project.workdir, '--json'];
    const start = ['start', project.pipeline, ...sets.flatMap((set) => ['--set', set]), ...place];
    const { code, out, err } = await foldwise(start, env());
    expect(code, err).toBe(0);
    const { run, workflowId } = JSON.parse(out) as { run: string; workflowId: string };
    const handle = environment.client.workflow.getHandle(workflowId);

    const both = [first, second].map(({ pid }) => `${pid}@`);
    await until(async () => {
      const now = await training(handle);
      return both.every((identity) => now.some((name) => name.startsWith(identity)));
    });
    // The attempt is told of a moment before its trainer is there.
    await until(() => childrenOf(second.pid!).length > 0);
    const orphans = childrenOf(second.pid!);
    second.kill('SIGKILL');
    await until(() => orphans.every(isGone));

    expect(await handle.result()).toMatchObject({ skippedFolds: [] });
    const file = join(project.workdir, 'runs', run, 'result.json');
    const result = JSON.parse(readFileSync(file, 'utf8')) as { folds: { fold: number }[] };
    expect(result.folds.map(({ fold }) => fold)).toEqual([1, 2, 3, 4, 5, 6]);

    const left = hired.flatMap(({ pid }) => [pid!, ...childrenOf(pid!)]);
    const others = hired.filter((worker) => worker !== second);
    await Promise.all(
      others.map(async (worker) => {
        worker.kill('SIGTERM');
        await once(worker, 'exit');
      }),
    );
    await until(() => left.every(isGone));
  }, 240_000);
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await holds()) return;
    await delay(100);
  }
  expect.fail('it never came to that');
}

function childrenOf(pid: number): number[] {
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return list.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** A process that has ended but was not waited for counts as gone. */
function isGone(pid: number): boolean {
  try {
    return /\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
