import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { InputFault } from '../../errors/fault.js';
import type { Progress } from '../../workflows/progress.js';
import { Bench, progressWhen, server, startEnvironment, update, without } from './bench.js';
import { Diverged, FakeTrainer } from './fake-trainer.js';

const broken = new InputFault({ where: 'fold 2', what: 'the model does not fit' });

describe.skipIf(server === null)(`a fold that fails${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  afterEach(() => bench.dispose());
  afterAll(() => environment?.teardown());

  const failingFold = (index: number, times: number): FakeTrainer =>
    new FakeTrainer({ fail: ({ fold }, calls) => (fold === index && calls <= times ? broken : undefined) });

  const steps = (onFailure: string): Record<string, unknown> => {
    const fold = { run: 'trainFold', needs: ['data'], matrix: { fold: 'all' }, onFailure };
    return { data: { run: 'prepareData' }, fold, oof: { run: 'aggregateOof', needs: ['fold'] } };
  };

  it('lets its siblings finish, then the run waits and says for what', async () => {
    bench = new Bench(environment, failingFold(2, 1));
    await bench.work();
    const handle = await bench.start();
    const progress = await progressWhen(handle, ({ state }) => state === 'waiting');
    expect(progress.waitingFor).toBe('retry or skip of fold-2');
    const fold = progress.steps.find(({ step }) => step === 'fold');
    expect(fold?.cells.map(({ state }) => state)).toEqual(['completed', 'failed', 'completed']);
    expect(fold?.cells[1]?.message).toBe('fold 2: the model does not fit');
    await handle.terminate();
  });

  it.each(['retry', 'skip'])('stays as it is where %s is given two inputs', async (name) => {
    bench = new Bench(environment, failingFold(2, 1));
    await bench.work();
    const handle = await bench.start();
    await progressWhen(handle, ({ state }) => state === 'waiting');
    const args: [unknown, unknown] = [{ step: 'fold', cell: '2' }, { cell: '3' }];
    const failure: unknown = await handle.executeUpdate(name, { args }).catch((error: unknown) => error);
    expect((failure as Error).cause).toMatchObject({
      message: 'found 2 inputs, expected one; decide one by one',
    });
    expect((await handle.query<Progress>('progress')).state).toBe('waiting');
    await handle.terminate();
  });

  it('runs again after a retry, and only it', async () => {
    bench = new Bench(environment, failingFold(2, 1));
    await bench.work();
    const handle = await bench.start();
    await progressWhen(handle, ({ state }) => state === 'waiting');
    expect(await update(handle, 'retry', { step: 'fold', cell: '2' })).toBe('fold-2: runs again');
    await handle.result();
    expect(bench.trainer.jobs.map(({ fold }) => fold).toSorted()).toEqual([1, 2, 2, 3]);
    const progress = await progressWhen(handle, ({ state }) => state === 'completed');
    expect(progress.steps[1]?.cells[1]?.activityId).toBe('fold-2-retry-1');
  });

  it('is left out after a skip, and every output says so', async () => {
    bench = new Bench(environment, failingFold(2, 9));
    await bench.work();
    const handle = await bench.start({ run: 'skipped' });
    await progressWhen(handle, ({ state }) => state === 'waiting');
    await update(handle, 'skip', { step: 'fold', cell: '2' });
    expect(await handle.result()).toMatchObject({ skippedFolds: [2] });
    const folder = join(bench.folder, 'runs', 'skipped');
    const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as Record<string, unknown>;
    expect(result).toMatchObject({ skippedFolds: [2], rowsWithoutOof: 10 });
    expect(readFileSync(join(folder, 'oof.csv'), 'utf8')).toMatch(/,,\n/);
  });

  it('fails the run where every fold was skipped', async () => {
    bench = new Bench(environment, new FakeTrainer({ fail: () => broken }));
    await bench.work();
    const handle = await bench.start();
    await progressWhen(handle, ({ waitingFor }) => waitingFor === 'retry or skip of fold-1, fold-2, fold-3');
    await update(handle, 'skip', { step: 'fold' });
    await expect(handle.result()).rejects.toMatchObject({
      cause: { message: 'fold: every fold was skipped, so there is no model' },
    });
  });

  it('fails the run at once with `onFailure: fail`', async () => {
    bench = new Bench(environment, failingFold(2, 9));
    await bench.work();
    const handle = await bench.start({ pipeline: bench.pipeline({ steps: steps('fail') }) });
    await expect(handle.result()).rejects.toMatchObject({
      cause: { message: 'fold-2: fold 2: the model does not fit', type: 'InputFault' },
    });
  });

  it('is left out without asking with `onFailure: skip`', async () => {
    bench = new Bench(environment, failingFold(3, 9));
    await bench.work();
    const summary = await bench.complete({ pipeline: bench.pipeline({ steps: steps('skip') }) });
    expect(summary).toMatchObject({ skippedFolds: [3], macroF1: null });
  });

  it.each([
    ['of an unknown step', { step: 'flod' }, /no step "flod"; there are data, fold/],
    ['of what has not failed', { step: 'fold', cell: '1' }, /fold 1 is not waiting .* fold-2/],
    ['without a step', { index: 1 }, /expected/],
  ])('rejects a retry %s, naming what there is', async (_title, choice, reason) => {
    bench = new Bench(environment, failingFold(2, 9));
    await bench.work();
    const handle = await bench.start();
    await progressWhen(handle, ({ state }) => state === 'waiting');
    await expect(update(handle, 'retry', choice as { step: string })).rejects.toMatchObject({
      cause: { message: expect.stringMatching(reason) as string },
    });
    await handle.terminate();
  });

  it('starts again with the next seed when it diverges and seeds are left, and the result says so', async () => {
    bench = new Bench(
      environment,
      new FakeTrainer({ fail: ({ fold, seed }) => (fold === 1 && seed < 44 ? new Diverged() : undefined) }),
    );
    await bench.work();
    await bench.complete({
      run: 'seeds',
      pipeline: bench.pipeline({ training: { epochs: 1, retrySeeds: 2 } }),
    });
    const file = join(bench.folder, 'runs', 'seeds', 'result.json');
    const result = JSON.parse(readFileSync(file, 'utf8')) as {
      folds: { seed: number }[];
      warnings: string[];
    };
    expect(result.folds.map(({ seed }) => seed)).toEqual([44, 42, 42]);
    expect(result.warnings.join()).toContain('seed 42 diverged');
  });

  it('waits for a person when it diverges and no seed is left', async () => {
    bench = new Bench(
      environment,
      new FakeTrainer({ fail: ({ fold }) => (fold === 1 ? new Diverged() : undefined) }),
    );
    await bench.work();
    const handle = await bench.start();
    const progress = await progressWhen(handle, ({ state }) => state === 'waiting');
    expect(progress.steps[1]?.cells[0]?.message).toContain('diverged');
    expect(bench.trainer.jobs.filter(({ fold }) => fold === 1)).toHaveLength(1);
    await handle.terminate();
  });
});
