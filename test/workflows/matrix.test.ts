import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { InputFault } from '../../errors/fault.js';
import { Bench, progressWhen, server, startEnvironment, update, without } from './bench.js';
import { FakeTrainer } from './fake-trainer.js';

/** Three folds by the axes given. */
function steps(axes: Record<string, unknown>): Record<string, unknown> {
  return {
    data: { run: 'prepareData' },
    fold: { run: 'trainFold', needs: ['data'], matrix: { fold: 'all', ...axes } },
    oof: { run: 'aggregateOof', needs: ['fold'] },
    thresholds: { run: 'tuneThresholds', needs: ['oof'] },
    submission: { run: 'predictEnsemble', needs: ['thresholds'] },
    report: { run: 'writeReport', needs: ['submission'] },
  };
}

const seeds = (...values: number[]) => ({ 'training.seed': values });

describe.skipIf(server === null)(`a matrix over folds and seeds${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  afterEach(() => bench.dispose());
  afterAll(() => environment?.teardown());

  const pipeline = (axes: Record<string, unknown>) => bench.pipeline({ steps: steps(axes) });
  const trained = () => bench.trainer.jobs.map(({ fold, seed }) => `${seed}/${fold}`).toSorted();

  it('trains every fold with every seed, each cell under its own name', async () => {
    bench = new Bench(environment);
    await bench.work();
    const handle = await bench.start({ run: 'both', pipeline: pipeline(seeds(7, 8)) });
    await handle.result();
    expect(trained()).toEqual(['7/1', '7/2', '7/3', '8/1', '8/2', '8/3']);
    const { steps: shown } = await progressWhen(handle, ({ state }) => state === 'completed');
    const { cells } = shown.find(({ step }) => step === 'fold')!;
    expect(cells.map(({ cell, activityId, epochs }) => [cell, activityId, epochs.length])).toEqual(
      ['seed-7/1', 'seed-7/2', 'seed-7/3', 'seed-8/1', 'seed-8/2', 'seed-8/3'].map((cell) => [
        cell,
        `fold-${cell}`,
        1,
      ]),
    );
    const models = join(bench.folder, 'runs', 'both', 'models');
    expect(readdirSync(models).toSorted()).toEqual(['seed-7', 'seed-8']);
    expect(readFileSync(join(models, 'seed-8', '2', 'onnx', 'model.onnx'), 'utf8')).toBe('model 2 8');
    const result = JSON.parse(readFileSync(join(bench.folder, 'runs', 'both', 'result.json'), 'utf8')) as {
      folds: { member: string; fold: number; seed: number }[];
    };
    expect(result.folds.map(({ member, fold, seed }) => [member, fold, seed])).toEqual([
      ['seed-7', 1, 7],
      ['seed-7', 2, 7],
      ['seed-7', 3, 7],
      ['seed-8', 1, 8],
      ['seed-8', 2, 8],
      ['seed-8', 3, 8],
    ]);
  });

  it('trains again what another seed is for, and that alone; a member less trains nothing', async () => {
    bench = new Bench(environment);
    await bench.work();
    await bench.complete({ pipeline: pipeline(seeds(7, 8)) });
    bench.trainer.jobs.length = 0;
    const changed = await bench.complete({ pipeline: pipeline(seeds(7, 9)) });
    expect(trained()).toEqual(['9/1', '9/2', '9/3']);
    expect(changed.reused).toContain('data');
    expect(changed.reused).not.toContain('fold');
    bench.trainer.jobs.length = 0;
    const fewer = await bench.complete({ run: 'fewer', pipeline: pipeline(seeds(9)) });
    expect(trained()).toEqual([]);
    expect(fewer.reused).toEqual(expect.arrayContaining(['data', 'fold']));
    expect(existsSync(join(bench.folder, 'runs', 'fewer', 'models', 'seed-9', '1', 'config.json'))).toBe(
      true,
    );
    // A pipeline with that seed alone trains the same folds.
    await bench.complete({ run: 'alone', pipeline: bench.pipeline({ training: { epochs: 1, seed: 9 } }) });
    expect(trained()).toEqual([]);
    expect(existsSync(join(bench.folder, 'runs', 'alone', 'models', '1', 'config.json'))).toBe(true);
  });

  it('waits for a person at the cells that failed, and takes a cell, a member or a fold', async () => {
    const broken = new InputFault({ where: 'a fold', what: 'it does not fit' });
    const fail = ({ fold, seed }: { fold: number; seed: number }, calls: number) =>
      calls <= 2 && (seed === 8 || fold === 1) ? broken : undefined;
    bench = new Bench(environment, new FakeTrainer({ fail }));
    await bench.work();
    const handle = await bench.start({ run: 'failing', pipeline: pipeline(seeds(7, 8)) });
    const waiting = await progressWhen(handle, ({ state }) => state === 'waiting');
    const failed = waiting.steps[1]!.cells.filter(({ state }) => state === 'failed').map(({ cell }) => cell);
    expect(failed).toEqual(['seed-7/1', 'seed-8/1', 'seed-8/2', 'seed-8/3']);
    expect(waiting.waitingFor).toBe(
      'retry or skip of fold-seed-7/1, fold-seed-8/1, fold-seed-8/2, fold-seed-8/3',
    );
    await expect(update(handle, 'skip', { step: 'fold', cell: 'seed-7/2' })).rejects.toThrow();
    await expect(update(handle, 'skip', { step: 'fold', cell: 'seed-9' })).rejects.toThrow();
    expect(await update(handle, 'retry', { step: 'fold', cell: '1' })).toBe(
      'fold-seed-7/1, fold-seed-8/1: runs again',
    );
    await progressWhen(handle, ({ state, steps: [, fold] }) => {
      const states = fold!.cells.map((cell) => cell.state);
      return state === 'waiting' && states[0] === 'completed' && states[3] === 'completed';
    });
    expect(await update(handle, 'skip', { step: 'fold', cell: 'seed-8' })).toBe(
      'fold-seed-8/2, fold-seed-8/3: the run goes on without',
    );
    const summary = (await handle.result()) as { skippedFolds: number[]; skippedCells: string[] };
    expect(summary.skippedFolds).toEqual([]);
    expect(summary.skippedCells).toEqual(['seed-8/2', 'seed-8/3']);
  });
});

describe.skipIf(server === null)(`what grows with the matrix${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  afterEach(() => bench.dispose());
  afterAll(() => environment?.teardown());

  it('travels by reference', async () => {
    bench = new Bench(environment);
    await bench.work();
    const handle = await bench.start();
    await handle.result();
    const { events } = await handle.fetchHistory();
    const calls = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
      const [payload] = scheduled?.input?.payloads ?? [];
      if (payload?.data == null) return [];
      const call = JSON.parse(Buffer.from(payload.data).toString()) as Call;
      return [{ name: scheduled?.activityType?.name ?? '', call }];
    });
    for (const { name, call } of calls.filter((each) => each.name !== 'resolvePipeline')) {
      if (name === 'lookupSteps') expect(call.pipeline).toHaveProperty('labels');
      else expect(Object.keys(call.pipeline).toSorted()).toEqual(['bytes', 'sha256', 'uri']);
      for (const fold of call.inputs.fold ?? [])
        expect(Object.keys(fold).toSorted()).toEqual(['member', 'output']);
    }
    expect(calls.find(({ name }) => name === 'aggregateOof')?.call.inputs.fold).toHaveLength(3);
  });

  it('is made anew where it is lost, and nothing is trained again', async () => {
    const broken = new InputFault({ where: 'fold 1', what: 'not yet' });
    const fail = ({ fold }: { fold: number }, calls: number) =>
      fold === 1 && calls === 1 ? broken : undefined;
    bench = new Bench(environment, new FakeTrainer({ fail }));
    await bench.work();
    const handle = await bench.start();
    await progressWhen(handle, ({ state }) => state === 'waiting');
    expect(
      removeArtifacts(join(bench.folder, '.foldwise', 'store', 'sha256'), /^{"(?:name|fold)":[^,}]+,/),
    ).toBe(3);
    await update(handle, 'retry', { step: 'fold', cell: '1' });
    expect(await handle.result()).toMatchObject({ skippedFolds: [] });
    expect(bench.trainer.jobs.map(({ fold }) => fold).toSorted()).toEqual([1, 1, 2, 3]);
  });
});

function removeArtifacts(folder: string, content: RegExp): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  const found = paths.filter((path) => content.test(readFileSync(path, 'utf8')));
  for (const path of found) rmSync(path);
  return found.length;
}

interface Call {
  readonly pipeline: object;
  readonly inputs: { readonly fold?: readonly object[] };
}
