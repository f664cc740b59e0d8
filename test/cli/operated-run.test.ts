import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exitCodes } from '../../cli/exit-codes.js';
import { facts } from '../../cli/facts/index.js';
import { exitCode, renderFailure } from '../../cli/failure.js';
import { runNameOf } from '../../pipeline/run-name.js';
import { InputFault } from '../../errors/fault.js';
import { Bench, progressWhen, server, startEnvironment, without } from '../workflows/bench.js';
import { FakeTrainer } from '../workflows/fake-trainer.js';
import { run as foldwise, type Captured } from './capture.js';

/** On the queue that the commands start runs on. */
class CommandBench extends Bench {
  override readonly taskQueue: string = 'foldwise';
}

const misfit = new InputFault({ where: 'a fold', what: 'the model does not fit' });

describe.skipIf(server === null)(`a run in the words of the command line${without}`, () => {
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

  /** A command in the bench's workdir. */
  const here = (...args: readonly string[]): Promise<Captured> =>
    foldwise(...args, '--workdir', bench.folder);

  const json = async (name: string, ...args: readonly string[]): Promise<Record<string, unknown>> => {
    const printed: unknown = JSON.parse((await here(...name.split(' '), ...args, '--json')).out);
    return facts[name]!.parse(printed) as Record<string, unknown>;
  };

  const failure = async (...args: readonly string[]): Promise<{ text: string; code: number }> => {
    const error: unknown = await here(...args).then(
      () => expect.unreachable('the command succeeded'),
      (reason: unknown) => reason,
    );
    return { text: renderFailure(error, { debug: false }), code: exitCode(error) };
  };

  /** As the plain Temporal CLI and a schedule start one: without a memo. */
  const startPlainly = (workflowId: string, input: Record<string, unknown> = {}): Promise<WorkflowHandle> =>
    environment.client.workflow.start('pipeline', {
      workflowId,
      taskQueue: bench.taskQueue,
      args: [{ pipeline: bench.pipeline(), ...input }],
    });

  describe('that was started elsewhere', () => {
    it('has the same names for every command', async () => {
      bench = new Bench(environment);
      await bench.work();
      const handle = await startPlainly('elsewhere:2026');
      await handle.result();
      const { runId } = await handle.describe();
      const run = runNameOf({ workflowId: handle.workflowId, runId });
      const directory = join(bench.folder, 'runs', run);
      for (const name of [run, 'elsewhere:2026', runId, directory, 'latest']) {
        expect((await json('status', name))['progress'], name).toMatchObject({ run, state: 'completed' });
        expect(await json('watch', name), name).toMatchObject({ run, directory });
        expect(await json('report', name), name).toMatchObject({ report: join(directory, 'report.html') });
      }
      const { runs, facts: told, pairs } = await json('compare', 'latest', directory);
      expect(runs).toEqual([run, run]);
      const digest = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
      expect(told).toMatchObject([{ data: { digest } }, { data: { digest } }]);
      expect(pairs).toMatchObject([{ macro: { difference: 0 }, rows: { onlyBase: 0, otherTruth: 0 } }]);
      expect(await json('cancel', run)).toMatchObject({ run, ended: true });
      expect((await failure('retry', runId)).text).toBe(
        `error: run ${run}: it has ended, so that there is nothing to retry; found completed. Start another one: what this one has done is reused.`,
      );
      const [first] = (await json('runs')) as unknown as Record<string, unknown>[];
      expect(first).toMatchObject({ run, workflowId: 'elsewhere:2026', state: 'completed', directory });
      expect(first!['crossFitted']).toBeCloseTo(1);
    });

    it('is found by the name that its starter gave it, also where it is not in this workdir', async () => {
      bench = new Bench(environment);
      await bench.work();
      await (await startPlainly('named', { run: 'given-name' })).result();
      const status = await foldwise('status', 'given-name', '--workdir', join(bench.folder, 'elsewhere'));
      expect(status.out).toMatch(/^bench +given-name +completed/);
      const watched = await foldwise('watch', 'given-name', '--workdir', join(bench.folder, 'elsewhere'));
      expect(watched.out).toContain('Macro F1: 1.000 cross-fitted');
      expect(watched.out).toContain("The files of run given-name are in its worker's workdir.");
      await expect(here('status', 'givn-name')).rejects.toThrow(
        /knows no such run.*Did you mean given-name\?/,
      );
    });
  });

  describe('that failed before its first step', () => {
    it('has its reason in `status`, and its exit code in `watch`', async () => {
      bench = new Bench(environment);
      await bench.work();
      const pipeline = bench.pipeline({ data: { train: '/etc/passwd', test: '/etc/passwd' } });
      const handle = await startPlainly('early', { pipeline });
      await expect(handle.result()).rejects.toThrow();
      expect((await here('status', 'early')).out).toMatch(/failed.*\nfailed: data\.train: .*--root|roots?\b/);
      expect(await failure('watch', 'early')).toMatchObject({
        code: exitCodes.runFailed,
        text: expect.stringMatching(/^error: run early-\w{8} failed: data\.train: /) as string,
      });
    });

    it('has it also where no worker answers', async () => {
      bench = new Bench(environment);
      await bench.work();
      const handle = await startPlainly('unanswered', { pipeline: { name: 'x' } });
      await expect(handle.result()).rejects.toThrow();
      await bench.rest();
      const status = await json('status', 'unanswered');
      expect(status).toMatchObject({ progress: { state: 'failed', steps: [] } });
      expect(status['failure']).toMatch(/labels/);
    });
  });

  describe('without a report', () => {
    it('is told with its scores and the files that there are', async () => {
      bench = new CommandBench(environment);
      await bench.work();
      const { data, fold, oof, thresholds } = steps;
      const file = join(bench.folder, 'pipeline.yaml');
      writeFileSync(file, JSON.stringify(bench.pipeline({ steps: { data, fold, oof, thresholds } })));
      const { run, workflowId } = (await json('start', file)) as { run: string; workflowId: string };
      const { out } = await here('watch', run);
      expect(out).toMatch(/Macro F1: 1\.000 cross-fitted/);
      expect(out).toMatch(/Completed in .*:\n {2}oof\.csv .*\n {2}models .*\n {2}events\.ndjson/);
      expect(out).not.toMatch(/report\.html|result\.json/);
      expect(await json('watch', run)).toMatchObject({ files: ['oof.csv', 'models', 'events.ndjson'] });
      const listed = (await json('runs')) as unknown as { run: string }[];
      expect(listed.find((each) => each.run === run)).toMatchObject({ state: 'completed', workflowId });
    });
  });

  describe('that waits', () => {
    let handle: WorkflowHandle;
    let name = '';
    let waits = 0;
    beforeEach(async () => {
      bench = new Bench(
        environment,
        new FakeTrainer({ fail: ({ fold }) => (fold === 2 ? misfit : undefined) }),
      );
      await bench.work();
      name = `waits-${++waits}`;
      handle = await startPlainly(name);
      await progressWhen(handle, ({ state }) => state === 'waiting');
    });

    it('ends `watch` off a terminal with a code of its own and the ways to go on', async () => {
      const { text, code } = await failure('watch', name);
      expect(code).toBe(exitCodes.runWaits);
      expect(text).toMatch(
        /waits: retry or skip of fold-2\na fold: the model does not fit\n.*retry.*\n.*skip/,
      );
      expect((await here('status', name)).out).toContain('✗ fold 2  a fold: the model does not fit');
    });

    it('is decided with what it then does as JSON', async () => {
      expect(await json('skip', name, '--fold', '2')).toMatchObject({
        decision: 'skip',
        workflowId: name,
      });
      expect((await json('watch', name))['skippedFolds']).toEqual([2]);
    });

    it('has another exit code once somebody cancels it', async () => {
      expect(await json('cancel', name)).toMatchObject({ ended: false });
      await expect(handle.result()).rejects.toThrow();
      const { text, code } = await failure('watch', name);
      expect([text, code]).toEqual([expect.stringMatching(/was cancelled$/), exitCodes.runCancelled]);
    });
  });

  describe('with more folds than slots', () => {
    it('shows those that wait for a worker as queued, and only those', async () => {
      bench = new Bench(environment, new FakeTrainer({ steps: 400, stepMs: 25 }));
      await bench.work({}, { slots: 1 });
      const handle = await startPlainly('queued');
      const states = async (): Promise<string[]> => {
        const { progress } = (await json('status', 'queued')) as {
          progress: { steps: { cells: { state: string }[] }[] };
        };
        return progress.steps.flatMap(({ cells }) => cells.map(({ state }) => state)).sort();
      };
      for (let tries = 0; tries < 100 && !(await states()).includes('running'); tries++) await delay(100);
      expect(await states()).toEqual(['queued', 'queued', 'running']);
      expect((await here('status', 'queued')).out).toMatch(/fold \d {2}queued/);
      await handle.terminate('the test is over');
    });
  });

  describe('and its messages', () => {
    it('are ours where Temporal refuses something', async () => {
      bench = new CommandBench(environment);
      const file = join(bench.folder, 'pipeline.yaml');
      writeFileSync(file, JSON.stringify(bench.pipeline()));
      const texts = [
        [['schedule', 'trigger', 'nothing'], /^error: schedule nothing: the server knows no such schedule/],
        [['schedule', 'delete', 'nothing'], /^error: schedule nothing: the server knows no such schedule/],
        [['schedule', 'create', file, '--cron', '61 * * * *'], /--cron: the minute is wrong/],
        [['schedule', 'create', file, '--cron', '1 * * * * # x'], /--cron: there is a #/],
        [['schedule', 'create', file, '--cron', '1 * * * *', '--timezone', 'Mars'], /no such time zone/],
        [['start', file, '--set', 'data.train=absent.csv'], /absent\.csv.*no such file/i],
        [
          ['schedule', 'create', file, '--cron', '1 * * * *', '--set', 'data.train=absent.csv'],
          /absent\.csv/,
        ],
      ] as const;
      for (const [command, words] of texts) {
        const { text, code } = await failure(...command);
        expect([text, code]).toEqual([expect.stringMatching(words), exitCodes.failed]);
        expect(text).not.toMatch(/workflow not found|temporal-sys|CronString|ENOENT|not foreseen/);
      }
      expect(await json('schedule list')).toEqual([]);
    });
  });
});

const steps = {
  data: { run: 'prepareData' },
  fold: { run: 'trainFold', needs: ['data'], matrix: { fold: 'all' } },
  oof: { run: 'aggregateOof', needs: ['data', 'fold'] },
  thresholds: { run: 'tuneThresholds', needs: ['data', 'oof'] },
};
