import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Bench, server, startEnvironment, without, type Working } from './bench.js';
import { bundledWorkflows } from './bundles.js';
import { FakeTrainer } from './fake-trainer.js';

const runs = 10;
const slots = 6;

describe.skipIf(server === null)(`workers that are replaced by another build${without}`, () => {
  let environment: TestWorkflowEnvironment;
  beforeAll(async () => {
    environment = await startEnvironment();
    return () => environment.teardown();
  });
  let bench: Bench;
  let working: Working[];
  beforeEach(() => {
    bench = new Bench(environment, new FakeTrainer({ steps: 6, stepMs: 150 }));
    working = [];
  });
  afterEach(async () => {
    for (const each of working) await each.rest();
    await bench.dispose();
  });

  /** Workers of a build; null: of no deployment. */
  const work = async (buildId: string | null): Promise<Working> => {
    const deployment = buildId === null ? {} : { deployment: { name: bench.taskQueue, buildId } };
    const made = await bench.another({}, { slots, ...deployment });
    working.push(made);
    return made;
  };
  const end = async (workers: Working): Promise<void> => {
    working = working.filter((each) => each !== workers);
    await workers.rest();
  };

  /** Sends new runs to a build, once its workers are known. */
  const setCurrent = async (buildId: string): Promise<void> => {
    const { workflowService } = environment.client;
    const { namespace } = environment.client.options;
    for (let tries = 0; ; tries++) {
      try {
        await workflowService.setWorkerDeploymentCurrentVersion({
          namespace,
          deploymentName: bench.taskQueue,
          buildId,
          identity: 'test',
        });
        return;
      } catch (error) {
        if (tries > 100) throw error;
        await delay(200);
      }
    }
  };

  /** Fresh: each run trains for itself. */
  const startAll = (count: number): Promise<WorkflowHandle[]> =>
    Promise.all(Array.from({ length: count }, () => bench.start({ fresh: true })));

  const untilTraining = async (handles: readonly WorkflowHandle[]): Promise<void> => {
    for (const handle of handles) {
      const trains = async (): Promise<boolean> =>
        ((await handle.describe()).raw.pendingActivities ?? []).some(
          ({ activityType }) => activityType?.name === 'trainFold',
        );
      await expect.poll(trains, { timeout: 30_000 }).toBe(true);
    }
  };

  const buildOf = async (handle: WorkflowHandle): Promise<string | undefined> =>
    (await handle.describe()).raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ??
    undefined;

  /** What a run gives, bit by bit. */
  const filesOf = async (handle: WorkflowHandle): Promise<string> => {
    const { runDirectory } = (await handle.result()) as { runDirectory: string };
    return ['submission.csv', 'oof.csv']
      .map((name) => readFileSync(join(runDirectory, name), 'utf8'))
      .join('\n');
  };

  const requireReplay = async (handles: readonly WorkflowHandle[]): Promise<void> => {
    const histories = await Promise.all(
      handles.map(async (handle) => ({
        workflowId: handle.workflowId,
        history: await handle.fetchHistory(),
      })),
    );
    let replayed = 0;
    for await (const { error } of Worker.runReplayHistories(
      { workflowBundle: await bundledWorkflows() },
      histories,
    )) {
      expect(error).toBeUndefined();
      replayed += 1;
    }
    expect(replayed).toBe(handles.length);
  };

  it('leave runs in flight to it, where nothing is versioned', { timeout: 480_000 }, async () => {
    const old = await work(null);
    const undisturbed = await filesOf(await bench.start({ fresh: true }));
    const handles = await startAll(runs);
    await untilTraining(handles);
    await end(old);
    await work(null);
    for (const handle of handles) expect(await filesOf(handle)).toBe(undisturbed);
    await requireReplay(handles);
  });

  it(
    'finish what they took up, while new runs go to it, where they are versioned',
    { timeout: 480_000 },
    async () => {
      const old = await work('build-1');
      await setCurrent('build-1');
      const undisturbed = await filesOf(await bench.start({ fresh: true }));
      const handles = await startAll(runs);
      await untilTraining(handles);
      await work('build-2');
      await setCurrent('build-2');
      const later = await startAll(2);
      for (const handle of handles) {
        expect(await filesOf(handle)).toBe(undisturbed);
        expect(await buildOf(handle)).toBe('build-1');
      }
      // Whatever is open now is the other build's.
      await end(old);
      for (const handle of later) {
        expect(await filesOf(handle)).toBe(undisturbed);
        expect(await buildOf(handle)).toBe('build-2');
      }
      await requireReplay([...handles, ...later]);
    },
  );

  it('hand over what began without a version once one is current', { timeout: 480_000 }, async () => {
    const old = await work(null);
    const undisturbed = await filesOf(await bench.start({ fresh: true }));
    const handles = await startAll(2);
    await untilTraining(handles);
    await work('build-1');
    await setCurrent('build-1');
    await end(old);
    for (const handle of handles) {
      expect(await filesOf(handle)).toBe(undisturbed);
      expect(await buildOf(handle)).toBe('build-1');
    }
  });

  it('take no run with them: one that is moved to it goes on there', { timeout: 480_000 }, async () => {
    const old = await work('build-1');
    await setCurrent('build-1');
    const [run] = (await startAll(1)) as [WorkflowHandle];
    await untilTraining([run]);
    await end(old);
    await work('build-2');
    await setCurrent('build-2');
    // Nobody takes its tasks: the build that it is pinned to is gone.
    await delay(3_000);
    expect((await run.describe()).status.name).toBe('RUNNING');
    expect(await buildOf(run)).toBe('build-1');
    const { client } = environment;
    await client.workflowService.updateWorkflowExecutionOptions({
      namespace: client.options.namespace,
      workflowExecution: { workflowId: run.workflowId },
      workflowExecutionOptions: {
        versioningOverride: {
          pinned: {
            behavior: 1,
            version: { deploymentName: bench.taskQueue, buildId: 'build-2' },
          },
        },
      },
      updateMask: { paths: ['versioning_override'] },
    });
    await filesOf(run);
    expect((await run.describe()).status.name).toBe('COMPLETED');
    await requireReplay([run]);
  });
});
