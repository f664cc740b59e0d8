import type { WorkflowHandle } from '@temporalio/client';
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { obtainServer } from '../../infra/server/obtain.js';
import type { Dice } from '../dice.js';
import type { Fault, FaultKind } from './fault.js';
import type { Fleet } from './fleet.js';
import { trainerOf } from './process-table.js';
import type { WorkerProcess } from './worker-process.js';

/** Longer than the heartbeat timeout of 15 s. */
const freezeMs = 20_000;
const pauseMs = 4_000;

export interface Target {
  readonly fleet: Fleet;
  readonly run: WorkflowHandle;
  readonly dice: Dice;
}

/** Does it; null where there is nothing that it could be done to at this moment. */
export async function strike(kind: FaultKind, target: Target): Promise<Fault | null> {
  const at = Date.now();
  const workers = await actions[kind](target);
  return workers === null ? null : { kind, at, workers };
}

/** Each gives the workers whose folds it met. */
const actions: Readonly<Record<FaultKind, (target: Target) => Promise<number[] | null>>> = {
  trainer: ({ fleet, dice }) => {
    const worker = dice.one(training(fleet));
    if (worker === undefined) return Promise.resolve(null);
    kill(trainerOf(worker.pid));
    return Promise.resolve([worker.pid]);
  },
  worker: ({ fleet, dice }) => Promise.resolve(signal('SIGKILL', dice.one(running(fleet)))),
  'hand-over': ({ fleet, dice }) => Promise.resolve(signal('SIGTERM', dice.one(running(fleet)))),
  server: async ({ fleet: { server } }) => {
    server.kill();
    await server.restart();
    return [];
  },
  everything: async ({ fleet }) => {
    const workers = running(fleet);
    const trainers = workers.map(({ pid }) => trainerOf(pid));
    fleet.server.kill();
    for (const worker of workers) worker.process.signal('SIGKILL');
    trainers.forEach(kill);
    await fleet.server.restart();
    return workers.map(({ pid }) => pid);
  },
  freeze: async ({ fleet, dice }) => {
    const worker = dice.one(training(fleet));
    if (worker === undefined) return null;
    worker.process.signal('SIGSTOP');
    await delay(freezeMs);
    worker.process.signal('SIGCONT');
    return [worker.pid];
  },
  pause: pauseFold,
};

interface RunningWorker {
  readonly process: WorkerProcess;
  readonly pid: number;
}

function running({ workers }: Pick<Fleet, 'workers'>): RunningWorker[] {
  return workers.flatMap((process) => (process.pid === undefined ? [] : [{ process, pid: process.pid }]));
}

function training(fleet: Fleet): RunningWorker[] {
  return running({ workers: fleet.trainingWorkers }).filter(({ pid }) => trainerOf(pid) !== undefined);
}

function signal(name: NodeJS.Signals, worker: RunningWorker | undefined): number[] | null {
  if (worker === undefined) return null;
  worker.process.signal(name);
  return [worker.pid];
}

function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone with its worker.
  }
}

async function pauseFold({ fleet, run, dice }: Target): Promise<number[] | null> {
  const { raw } = await run.describe();
  const started = (raw.pendingActivities ?? []).filter(
    ({ activityType, lastWorkerIdentity }) => activityType?.name === 'trainFold' && lastWorkerIdentity,
  );
  const fold = dice.one(started);
  if (fold === undefined) return null;
  const about = ['--workflow-id', run.workflowId, '--activity-id', fold.activityId ?? ''];
  if (!(await temporal(fleet, 'pause', about))) return null;
  await delay(pauseMs);
  await temporal(fleet, 'unpause', about);
  return [Number.parseInt(fold.lastWorkerIdentity ?? '', 10)];
}

/** False where the fold has ended meanwhile. */
async function temporal({ server }: Fleet, what: string, about: readonly string[]): Promise<boolean> {
  const executable = await obtainServer(() => undefined);
  const args = ['activity', what, '--address', server.address, ...about];
  return promisify(execFile)(executable, args).then(
    () => true,
    () => false,
  );
}
