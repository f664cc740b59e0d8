import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Predictor, Services } from '../../activities/services.js';
import { EnvironmentFault } from '../../errors/fault.js';
import { createWorkers, type Workers } from '../../worker/workers.js';
import { run } from '../cli/capture.js';
import { stateElsewhere } from '../store/elsewhere.js';
import { MemoryObjects } from '../store/memory-objects.js';
import { Bench, labels, server, startEnvironment, without } from './bench.js';
import { workflowBundles } from './bundles.js';
import { FakePredictor, FakeTrainer, fakeModels, tablesHere } from './fake-trainer.js';

/** Called between what is done to the store. */
let meanwhile = (): void => undefined;
const objects = new MemoryObjects(() => {
  meanwhile();
  return new Promise(setImmediate);
});

/** Workdirs of hosts whose store is elsewhere; any other workdir has its own. */
const hosts = new Set<string>();

vi.mock(import('../../worker/state.js'), async (importOriginal) => {
  const state = await importOriginal();
  return {
    ...state,
    openState: (workdir) =>
      hosts.has(workdir) ? stateElsewhere(workdir, objects) : state.openState(workdir),
  };
});

/** Scores until it is stopped, as a model does that has many rows before it. */
class EndlessPredictor implements Predictor {
  private begin = (): void => undefined;
  readonly asked = new Promise<void>((resolve) => (this.begin = resolve));

  async predict(
    _folder: string,
    _files: object,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    this.begin();
    if (!signal.aborted) await once(signal, 'abort');
    throw new EnvironmentFault({ where: 'a model', what: 'the scoring was stopped' });
  }
}

describe.skipIf(server === null)(`a run on hosts that share no folder${without}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-apart-'));
  let environment: TestWorkflowEnvironment;
  let alone: Bench;
  let together: Bench;
  const trainer = new FakeTrainer();
  const running = new Map<string, { readonly workers: Workers; readonly ended: Promise<void> }>();

  const workdirOf = (name: string): string => {
    const workdir = join(folder, name);
    hosts.add(workdir);
    return workdir;
  };

  async function work(name: string, queue: string, services: Partial<Services> = {}): Promise<void> {
    const workers = await createWorkers({
      connection: environment.nativeConnection,
      namespace: environment.namespace ?? 'default',
      workdir: workdirOf(name),
      bundles: await workflowBundles(),
      taskQueue: together.taskQueue,
      queues: [queue],
      roots: null,
      slots: 1,
      threads: 1,
      encryption: null,
      services: {
        trainer,
        predictor: new FakePredictor(labels.length),
        models: fakeModels,
        tables: tablesHere,
        engineSignature: () => 'fake engine',
        ...services,
      },
    });
    running.set(name, { workers, ended: workers.run() });
  }

  async function rest(name: string): Promise<void> {
    running.get(name)?.workers.shutdown();
    await running.get(name)?.ended;
    running.delete(name);
  }

  beforeAll(async () => {
    environment = await startEnvironment();
    alone = new Bench(environment);
    await alone.work();
    await alone.complete({ run: 'a run' });
    await alone.rest();
    together = new Bench(environment);
    await work('main', 'main');
    await work('folds', 'gpu');
    // The same tables: their place is in no output.
    await together.complete({ run: 'a run', pipeline: alone.pipeline() });
  }, 120_000);
  afterAll(async () => {
    for (const name of [...running.keys()]) await rest(name);
    await alone.dispose();
    await together.dispose();
    await environment?.teardown();
    rmSync(folder, { recursive: true, force: true });
  });

  const directoryOf = (workdir: string): string => join(workdir, 'runs', 'a run');

  it('has the files of one on a single machine, byte for byte', () => {
    expect(trainer.jobs.every(({ workDirectory }) => workDirectory.startsWith(join(folder, 'folds')))).toBe(
      true,
    );
    for (const name of ['oof.csv', 'submission.csv']) {
      const [own, theirs] = [alone.folder, join(folder, 'main')].map((workdir) =>
        readFileSync(join(directoryOf(workdir), name)),
      );
      expect(theirs!.equals(own!), name).toBe(true);
    }
  });

  it('leaves no checkpoint in the store, and nothing in the scratch folders', () => {
    expect([...objects.held.keys()].filter((name) => name.startsWith('checkpoints/'))).toEqual([]);
    for (const name of ['main', 'folds']) {
      const scratch = join(folder, name, '.foldwise', 'scratch');
      expect(existsSync(scratch) ? readdirSync(scratch) : []).toEqual([]);
    }
  });

  it('is listed, reported and compared on one that did nothing of it', async () => {
    const workdir = workdirOf('other');
    const listed = JSON.parse((await run('runs', '--json', '--workdir', workdir)).out) as object[];
    expect(listed).toMatchObject([{ run: 'a run', state: 'completed', folds: 3, directory: null }]);
    expect(existsSync(directoryOf(workdir))).toBe(false);

    const { out } = await run('report', 'latest', '--workdir', workdir);
    expect(out).toBe(join(directoryOf(workdir), 'report.html'));
    expect(readFileSync(out, 'utf8')).toContain('<html');
    expect(existsSync(join(directoryOf(workdir), 'models'))).toBe(false);
    const [own, theirs] = ['main', 'other'].map((name) =>
      readFileSync(join(directoryOf(join(folder, name)), 'oof.csv')),
    );
    expect(theirs!.equals(own!)).toBe(true);

    const compared = await run('compare', 'a run', 'latest', '--workdir', workdir);
    expect(compared.out).toContain('a run');
  });

  it('tells its status on one that did nothing of it', async () => {
    vi.stubEnv('TEMPORAL_ADDRESS', environment.address);
    try {
      const told = await run('status', 'a run', '--json', '--workdir', workdirOf('asking'));
      expect(JSON.parse(told.out)).toMatchObject({ progress: { run: 'a run', state: 'completed' } });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('scores a table by its name, begun on one that did nothing of it and ended on another', async () => {
    const table = join(folder, 'new.csv');
    writeFileSync(
      table,
      `id,text\n${Array.from({ length: 12 }, (_, row) => `n${row},text ${row}\n`).join('')}`,
    );
    await rest('main');
    const predictor = new EndlessPredictor();
    await work('planner', 'main', { chunkRows: 4, predictor });
    const handle = await environment.client.workflow.start('score', {
      workflowId: `${together.taskQueue}-score`,
      taskQueue: together.taskQueue,
      args: [{ ensemble: 'a run', table, score: 'of new' }],
    });
    await predictor.asked;
    expect(existsSync(join(folder, 'planner', 'scores', 'of new', 'events.ndjson'))).toBe(true);
    await rest('planner');
    rmSync(join(folder, 'planner'), { recursive: true });
    await work('finisher', 'main', { chunkRows: 4 });
    expect(await handle.result()).toMatchObject({ rows: 12, chunks: 3 });
    const scores = join(folder, 'finisher', 'scores', 'of new', 'scores.csv');
    expect(readFileSync(scores, 'utf8').trimEnd().split('\n')).toHaveLength(13);
    const { files } = (await stateElsewhere(workdirOf('third'), objects).results!.scores.read('of new'))!;
    expect(Object.keys(files).toSorted()).toEqual(['result.json', 'scores.csv']);
  });

  it('has its models on one that did nothing of it, where they are asked for', async () => {
    const workdir = workdirOf('another');
    // What the fake trainer made is brought, though it is no model.
    await expect(run('export', 'a run', join(folder, 'exported'), '--workdir', workdir)).rejects.toThrow(
      /the model folder lacks .*found config.json, onnx/,
    );
    const models = join(directoryOf(workdir), 'models');
    expect(readdirSync(models).toSorted()).toEqual(['1', '2', '3']);
    for (const fold of readdirSync(models))
      expect(readFileSync(join(models, fold, 'onnx', 'model.onnx'), 'utf8')).toContain('model');
  });

  // The last: nothing of the others' is left after it.
  it('has all its results where the store was emptied when nothing needed them any more', async () => {
    const index = 'runs/emptied/files.json';
    let emptied = false;
    meanwhile = () => {
      const files = objects.held.get(index);
      if (emptied || files === undefined || !Buffer.from(files.bytes).includes('result.json')) return;
      emptied = true;
      objects.held.clear();
    };
    const before = trainer.jobs.length;
    const pipeline = { ...alone.pipeline(), name: 'emptied' };
    await together.complete({ run: 'emptied', pipeline });
    meanwhile = () => undefined;
    expect(emptied).toBe(true);
    expect(trainer.jobs.length - before).toBeGreaterThan(2);
    const files = (await stateElsewhere(workdirOf('looker'), objects).results!.runs.read('emptied'))!.files;
    const names = Object.keys(files);
    expect(names).toEqual(expect.arrayContaining(['result.json', 'oof.csv', 'submission.csv']));
    for (const fold of [1, 2, 3]) expect(names.some((name) => name.startsWith(`models/${fold}/`))).toBe(true);
    for (const { sha256: hash } of Object.values(files))
      expect(objects.held.has(`store/sha256/${hash.slice(0, 2)}/${hash}`)).toBe(true);
  });
});
