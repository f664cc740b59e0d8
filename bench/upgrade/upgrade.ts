import type { Client, WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectTo } from '../../cli/connection.js';
import { workflowQueue } from '../../pipeline/task-queues.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { sha256 } from '../../store/digest.js';
import { workflowBundle } from '../../worker/workflow-bundle.js';
import { startOwnServer } from '../own-server.js';
import { WorkerBuild, type WorkerPlace } from './worker-build.js';

export interface UpgradeOptions {
  readonly folder: string;
  readonly pipeline: Pipeline;
  readonly roots: readonly string[];
  readonly runs: number;
  readonly slots: number;
  /** Null: the workers are of no deployment, and the new ones take over what is open. */
  readonly deployment: string | null;
  /** The command lines of both. */
  readonly builds: { readonly old: string; readonly next: string };
  readonly onMessage: (message: string) => void;
}

export interface Upgrade {
  readonly versioned: boolean;
  readonly runs: number;
  /** In flight as the new workers came. */
  readonly inFlight: number;
  readonly completed: number;
  /** With the bits of a run that nobody disturbed. */
  readonly same: number;
  /** The runs that each build carried to their end, where builds are versions. */
  readonly carried: Readonly<Record<string, number>>;
  readonly replayed: number;
  readonly seconds: number;
}

/** So many are started once the new workers are there. */
const laterRuns = 2;
const resultFiles = ['oof.csv', 'submission.csv', 'predictions.csv'];

/** Replaces the workers of runs in flight by those of another build, and looks at what becomes of the runs. */
export async function upgrade(options: UpgradeOptions): Promise<Upgrade> {
  const { folder, deployment, builds, onMessage } = options;
  const started = performance.now();
  mkdirSync(folder, { recursive: true });
  const workdir = folder;
  const server = await startOwnServer({ workdir });
  const link = await connectTo(server);
  const { client } = link;
  const place: WorkerPlace = { ...options, workdir, address: server.address };
  const working: WorkerBuild[] = [];
  const work = async (build: string): Promise<WorkerBuild> => {
    const worker = await WorkerBuild.start(build, place);
    working.push(worker);
    if (deployment !== null && worker.buildId !== null) await setCurrent(client, deployment, worker.buildId);
    onMessage(`a worker ${worker.buildId === null ? 'works' : `of ${worker.buildId} works`}`);
    return worker;
  };
  const startAll = (count: number): Promise<WorkflowHandle[]> =>
    Promise.all(Array.from({ length: count }, () => startRun(client, options.pipeline)));
  try {
    const old = await work(builds.old);
    const undisturbed = await bitsOf(workdir, await startRun(client, options.pipeline));
    const handles = await startAll(options.runs);
    await untilOneTrains(handles);
    const next = await work(builds.next);
    if (deployment === null) await old.stop();
    const inFlight = await openOf(handles);
    onMessage(`${inFlight} of ${handles.length} runs are in flight, and ${laterRuns} more are started`);
    const all = [...handles, ...(await startAll(laterRuns))];
    const bits = await Promise.all(handles.map((handle) => bitsOf(workdir, handle)));
    // What was pinned to it is done: the others go on without it.
    await old.stop();
    bits.push(...(await Promise.all(all.slice(handles.length).map((handle) => bitsOf(workdir, handle)))));
    const carried: Record<string, number> = {};
    for (const handle of all) {
      const { versioningInfo } = (await handle.describe()).raw.workflowExecutionInfo ?? {};
      const build = versioningInfo?.deploymentVersion?.buildId;
      if (build != null) carried[build] = (carried[build] ?? 0) + 1;
    }
    await next.stop();
    return {
      versioned: deployment !== null,
      runs: all.length,
      inFlight,
      completed: bits.length,
      same: bits.filter((each) => each === undisturbed).length,
      carried,
      replayed: await replayed(all),
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    for (const worker of working) await worker.stop();
    await link.close();
    await server.stop();
  }
}

/** Fresh: each trains for itself, and with its own checkpoints. */
function startRun(client: Client, pipeline: Pipeline): Promise<WorkflowHandle> {
  const run = `upgrade-${randomUUID().slice(0, 8)}`;
  return client.workflow.start('pipeline', {
    workflowId: run,
    taskQueue: workflowQueue,
    args: [{ pipeline, run, fresh: true }],
  });
}

/** @throws what the run failed by */
async function bitsOf(workdir: string, handle: WorkflowHandle): Promise<string> {
  await handle.result();
  const directory = join(workdir, 'runs', handle.workflowId);
  return sha256(Buffer.concat(resultFiles.map((name) => readFileSync(join(directory, name)))));
}

async function untilOneTrains(handles: readonly WorkflowHandle[]): Promise<void> {
  for (;;) {
    for (const handle of handles) {
      const { pendingActivities } = (await handle.describe()).raw;
      // With a heartbeat: it is under way, and not only in the queue.
      if (pendingActivities?.some((each) => each.activityType?.name === 'trainFold' && each.heartbeatDetails))
        return;
    }
    await delay(200);
  }
}

async function openOf(handles: readonly WorkflowHandle[]): Promise<number> {
  const described = await Promise.all(handles.map((handle) => handle.describe()));
  return described.filter(({ status }) => status.name === 'RUNNING').length;
}

/** New runs go to that build from now on. Its workers are known to the server some moments after they work. */
async function setCurrent(client: Client, deploymentName: string, buildId: string): Promise<void> {
  const { namespace, identity } = client.options;
  for (let tries = 1; ; tries++) {
    try {
      await client.workflowService.setWorkerDeploymentCurrentVersion({
        namespace,
        deploymentName,
        buildId,
        identity,
      });
      return;
    } catch (error) {
      if (tries > 100) throw error;
      await delay(200);
    }
  }
}

/** How many histories the code replays. @throws where one does not */
async function replayed(handles: readonly WorkflowHandle[]): Promise<number> {
  const histories = await Promise.all(
    handles.map(async (handle) => ({ workflowId: handle.workflowId, history: await handle.fetchHistory() })),
  );
  let count = 0;
  for await (const { error } of Worker.runReplayHistories(
    { workflowBundle: await workflowBundle('plain') },
    histories,
  )) {
    if (error !== undefined) throw error;
    count += 1;
  }
  return count;
}
