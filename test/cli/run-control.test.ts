import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ListedSchedule } from '../../cli/schedules/schedules.js';
import { InputFault } from '../../errors/fault.js';
import { sha256 } from '../../store/digest.js';
import { Bench, progressWhen, server, startEnvironment, without } from '../workflows/bench.js';
import { FakeTrainer } from '../workflows/fake-trainer.js';
import { ended } from './built-command-line.js';
import { run as foldwise } from './capture.js';

/** On the queue that the commands start runs on. */
class CommandBench extends Bench {
  override readonly taskQueue: string = 'foldwise';
}

/** Fails until `mended`. */
class Breakable extends FakeTrainer {
  mended = false;

  constructor(broken: readonly number[]) {
    const fault = new InputFault({ where: 'a fold', what: 'the model does not fit' });
    super({ fail: ({ fold }) => (!this.mended && broken.includes(fold) ? fault : undefined) });
  }
}

describe.skipIf(server === null)(`a run in the hands of a person${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  const configured = process.env['TEMPORAL_ADDRESS'];
  beforeAll(async () => {
    environment = await startEnvironment();
    process.env['TEMPORAL_ADDRESS'] = environment.address;
  });
  afterEach(() => bench.dispose());
  afterAll(async () => {
    if (configured === undefined) delete process.env['TEMPORAL_ADDRESS'];
    else process.env['TEMPORAL_ADDRESS'] = configured;
    await environment?.teardown();
  });

  /** Temporal's own command line, as a person without foldwise has it. */
  const temporal = async (...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await ended(server!.path, [...args, '--address', environment.address]);
    expect(code, err).toBe(0);
    return out;
  };

  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    for (let tries = 0; tries < 3000; tries++) {
      if (await holds()) return;
      await delay(50);
    }
    expect.fail('it never came to that');
  };

  const digests = (run: string): Record<string, string> => {
    const folder = join(bench.folder, 'runs', run);
    const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /oof\.csv$|submission\.csv$|\.onnx$/.test(path),
    );
    return Object.fromEntries(paths.map((path) => [path, sha256(readFileSync(join(folder, path)))]));
  };

  const resultOf = (run: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(bench.folder, 'runs', run, 'result.json'), 'utf8')) as Record<
      string,
      unknown
    >;

  describe('by `temporal activity pause`', () => {
    it('rests a fold at a checkpoint until it is unpaused, and ends with the same files', async () => {
      bench = new Bench(environment, new FakeTrainer({ steps: 250, stepMs: 40 }));
      await bench.work();
      const handle = await bench.start({ run: 'paused' });
      await until(() => (bench.trainer.stepsDone.get(1) ?? 0) > 5);
      const place = ['--workflow-id', handle.workflowId, '--activity-id', 'fold-1'];
      await temporal('activity', 'pause', ...place);
      const pending = async () =>
        (await handle.describe()).raw.pendingActivities?.find(({ activityId }) => activityId === 'fold-1');
      // A paused activity that still runs is told at its next heartbeat.
      await until(async () => (await pending())?.lastFailure != null);
      const done = bench.trainer.stepsDone.get(1) ?? 0;
      expect(done).toBeLessThan(250);
      await delay(2_000);
      expect(bench.trainer.stepsDone.get(1)).toBe(done);
      await temporal('activity', 'unpause', ...place);
      await handle.result();
      expect(bench.trainer.stepsDone.get(1)).toBe(250);
      const paused = digests('paused');
      expect(Object.keys(paused)).toHaveLength(8);
      await bench.dispose();
      bench = new Bench(environment);
      await bench.work();
      await bench.complete({ run: 'undisturbed' });
      expect(digests('undisturbed')).toEqual(paused);
    });
  });

  describe('by `temporal workflow terminate`', () => {
    it('leaves its checkpoints to the next run', async () => {
      bench = new Bench(environment, new FakeTrainer({ steps: 250, stepMs: 40 }));
      await bench.work();
      const first = await bench.start();
      await until(() => (bench.trainer.stepsDone.get(1) ?? 0) > 5);
      await temporal('workflow', 'terminate', '--workflow-id', first.workflowId);
      await bench.complete();
      expect(bench.trainer.jobs.filter(({ resume }) => resume.length > 0).length).toBeGreaterThan(0);
      expect(bench.trainer.stepsDone.get(1)).toBe(250);
    });
  });

  describe('while it waits since folds 1 and 2 failed', () => {
    let trainer: Breakable;
    let handle: WorkflowHandle;
    beforeEach(async () => {
      trainer = new Breakable([1, 2]);
      bench = new Bench(environment, trainer);
      await bench.work();
      handle = await bench.start();
      await progressWhen(handle, ({ waitingFor }) => waitingFor === 'retry or skip of fold-1, fold-2');
      trainer.mended = true;
    });

    const skippedFolds = async (): Promise<unknown> =>
      ((await handle.result()) as { skippedFolds: unknown }).skippedFolds;

    it('goes on by `temporal workflow update execute` with JSON', async () => {
      const update = (name: string, input: string): Promise<string> =>
        temporal(
          'workflow',
          'update',
          'execute',
          '--workflow-id',
          handle.workflowId,
          '--name',
          name,
          '--input',
          input,
        );
      expect(await update('retry', '{"step": "fold", "index": 1}')).toContain('fold-1: runs again');
      expect(await update('skip', '{"step": "fold", "index": 2}')).toContain(
        'fold-2: the run goes on without',
      );
      expect(await skippedFolds()).toEqual([2]);
    });

    it('goes on by `foldwise retry` and `foldwise skip`', async () => {
      expect((await foldwise('retry', handle.workflowId, '--fold', '2')).out).toBe('fold-2: runs again');
      await expect(foldwise('skip', handle.workflowId, '--fold', '3')).rejects.toThrow(
        'fold 3 is not waiting for a decision',
      );
      expect((await foldwise('skip', handle.workflowId, '--cell', '1')).out).toBe(
        'fold-1: the run goes on without',
      );
      expect(await skippedFolds()).toEqual([1]);
    });

    it('ends by `foldwise cancel`', async () => {
      await foldwise('cancel', handle.workflowId);
      await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
      expect((await handle.describe()).status.name).toBe('CANCELLED');
    });
  });

  describe('on a schedule', () => {
    /** Triggers it and waits for the end of the run; gives the run's folder. */
    const retrain = async (): Promise<string> => {
      const runs = join(bench.folder, 'runs');
      const before = readdirSync(bench.folder).includes('runs') ? readdirSync(runs) : [];
      const fresh = (): string[] =>
        readdirSync(bench.folder).includes('runs')
          ? readdirSync(runs).filter((name) => !before.includes(name))
          : [];
      // The server passes a trigger over while it has not yet noticed that the run before has ended.
      for (let triggers = 0; triggers < 10 && fresh().length === 0; triggers++) {
        await foldwise('schedule', 'trigger', 'bench');
        for (let looks = 0; looks < 100 && fresh().length === 0; looks++) await delay(100);
      }
      await until(() => fresh().some((name) => readdirSync(join(runs, name)).includes('result.json')));
      // The next trigger is passed over while this one is open.
      await until(async () => {
        const open = environment.client.workflow.list({
          query: 'ExecutionStatus = "Running" AND WorkflowType = "pipeline"',
        });
        for await (const info of open) if (info.workflowId.includes('scheduled')) return false;
        return true;
      });
      return fresh()[0]!;
    };

    it('is reused whole while the data stays, and says by how much the score moved when it changed', async () => {
      bench = new CommandBench(environment);
      await bench.work();
      const file = join(bench.folder, 'pipeline.yaml');
      writeFileSync(file, JSON.stringify(bench.pipeline()));
      const created = await foldwise('schedule', 'create', file, '--cron', '0 3 1 1 *');
      expect(created.out).toMatch(
        /^created: schedule bench, 0 3 1 1 \* \(UTC\)\nnext run: \d{4}-01-01T03:00:00\.000Z$/,
      );

      const first = await retrain();
      expect(resultOf(first)).toMatchObject({ reused: [], previous: null });

      const second = await retrain();
      const reused = ['data', 'fold', 'oof', 'thresholds', 'submission'];
      expect(resultOf(second)).toMatchObject({ reused, previous: { run: first, change: { tuned: 0 } } });
      expect(await detailsOf(second)).toContain('| fold | reused |');
      expect(bench.trainer.jobs).toHaveLength(3);

      const table = readFileSync(join(bench.folder, 'train.csv'), 'utf8');
      writeFileSync(join(bench.folder, 'train.csv'), table.replaceAll(/,1\n/g, ',0\n'));
      const third = await retrain();
      expect(resultOf(third)).toMatchObject({
        reused: [],
        previous: { run: second, change: { tuned: -0.5 } },
      });
      expect(bench.trainer.jobs).toHaveLength(6);
      await foldwise('schedule', 'delete', 'bench');
      // A busy machine takes its time to start what is triggered.
    }, 240_000);

    it('is listed, paused, resumed and deleted by `foldwise schedule`', async () => {
      bench = new CommandBench(environment);
      const file = join(bench.folder, 'pipeline.yaml');
      writeFileSync(file, JSON.stringify(bench.pipeline()));
      await foldwise('schedule', 'create', file, '--cron', '0 3 1 1 *', '--id', 'yearly');
      // The listing follows with some delay.
      const becomes = (expected: RegExp): Promise<void> =>
        until(async () => expected.test((await foldwise('schedule', 'list')).out));
      await becomes(/^yearly +active +\S+-01-01T03:00:00.000Z +–$/m);
      expect((await foldwise('schedule', 'pause', 'yearly')).out).toBe('schedule yearly: paused');
      await becomes(/^yearly +paused/m);
      await foldwise('schedule', 'resume', 'yearly');
      await becomes(/^yearly +active/m);
      await foldwise('schedule', 'delete', 'yearly');
      await becomes(/^(?!.*yearly)/s);
    });

    it('has its run at a time at which another schedule of the same pipeline has one', async () => {
      bench = new CommandBench(environment);
      await bench.work();
      const file = join(bench.folder, 'pipeline.yaml');
      writeFileSync(file, JSON.stringify(bench.pipeline()));
      const time = new Date('2026-01-01T03:00:00Z');
      for (const [id, epochs] of [
        ['short', '2'],
        ['long', '3'],
      ] as const) {
        const set = `training.epochs=${epochs}`;
        await foldwise('schedule', 'create', file, '--cron', '0 3 1 1 *', '--id', id, '--set', set);
        const late = { start: new Date(+time - 1000), end: time, overlap: 'ALLOW_ALL' } as const;
        await environment.client.schedule.getHandle(id).backfill(late);
      }
      await until(async () => {
        const [short, long] = await lastRuns('short', 'long');
        return short !== null && long !== null && short !== long;
      });
      await foldwise('schedule', 'delete', 'short');
      await foldwise('schedule', 'delete', 'long');
    });

    /** As `foldwise schedule list` names them. */
    const lastRuns = async (...ids: readonly string[]): Promise<(string | null)[]> => {
      const listed = JSON.parse((await foldwise('schedule', 'list', '--json')).out) as ListedSchedule[];
      return ids.map((id) => listed.find((schedule) => schedule.id === id)?.lastRun ?? null);
    };

    /** What the Web UI shows of a scheduled run. */
    const detailsOf = async (run: string): Promise<string> => {
      const runs = environment.client.workflow.list({ query: 'WorkflowType = "pipeline"' });
      for await (const { workflowId, runId } of runs) {
        if (!run.endsWith(runId.slice(0, 8))) continue;
        const handle = environment.client.workflow.getHandle(workflowId, runId);
        return JSON.stringify(await handle.query('__temporal_workflow_metadata'));
      }
      return 'no such run';
    };
  });
});
