import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Bench, progressWhen, server, startEnvironment, without } from './bench.js';
import { FakeTrainer } from './fake-trainer.js';

describe.skipIf(server === null)(`the workflow pipeline${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  const resultOf = (run: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(bench.folder, 'runs', run, 'result.json'), 'utf8')) as Record<
      string,
      unknown
    >;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  afterEach(() => bench.dispose());
  afterAll(() => environment?.teardown());

  it('runs every step and writes every file of the run directory', async () => {
    bench = new Bench(environment);
    await bench.work();
    const summary = await bench.complete({ run: 'first' });
    expect(summary.skippedFolds).toEqual([]);
    expect(summary.macroF1?.tuned).toBe(1);
    const read = (name: string): string => readFileSync(join(bench.folder, 'runs', 'first', name), 'utf8');
    expect(resultOf('first')).toMatchObject({
      run: 'first',
      pipeline: 'bench',
      status: 'completed',
      rows: { train: 30, test: 2 },
      skippedFolds: [],
      rowsWithoutOof: 0,
      reused: [],
    });
    expect(read('oof.csv').split('\n')).toHaveLength(32);
    expect(read('oof.csv')).toMatch(/^id,fold,joy,fear,p_joy,p_fear\nr0,[123],0,1,0\.2,0\.8\n/);
    expect(read('submission.csv')).toBe('id,joy,fear\na,1,1\nb,1,1\n');
    expect(read('predictions.csv')).toBe('id,p_joy,p_fear\na,0.6,0.6\nb,0.6,0.6\n');
    expect(read('report.html')).toContain('<html');
    expect(read('models/2/config.json')).toBe('{"fold":2}');
    for (const name of ['model', 'same']) expect(read(`models/2/onnx/${name}.onnx`)).toBe('model 2 42');
    expect(read('events.ndjson')).not.toContain('"attempts":2');
    expect(read('events.ndjson')).toMatch(/"event":"fold finished".*"timing":\{.*"train":0\.1,.*"store":0\./);
  });

  it('quotes texts of the data in the report and in texts.csv alone, and nowhere where they are private', async () => {
    bench = new Bench(environment);
    await bench.work();
    await bench.complete({ run: 'shown' });
    const quoting = (run: string): string[] => {
      const folder = join(bench.folder, 'runs', run);
      const files = readdirSync(folder, { withFileTypes: true }).filter((file) => file.isFile());
      return files
        .map(({ name }) => name)
        .filter((name) => /\btext \d+\b/.test(readFileSync(join(folder, name), 'utf8')))
        .sort();
    };
    expect(quoting('shown')).toEqual(['report.html', 'texts.csv']);
    const quotes = readFileSync(join(bench.folder, 'runs', 'shown', 'texts.csv'), 'utf8').split('\n');
    expect(quotes[0]).toBe('row,id,text');
    const quote = /^(\d+),r(\d+),text (\d+)$/.exec(quotes[1]!)!.slice(1).map(Number);
    expect(quote).toEqual([quote[1]! + 1, quote[1]!, quote[1]!]);
    const quiet = await bench.complete({ run: 'quiet', overrides: { 'report.texts': 'false' } });
    expect(quiet.reused).toEqual(['data', 'fold', 'oof', 'thresholds', 'submission']);
    expect(quoting('quiet')).toEqual([]);
    expect(readdirSync(join(bench.folder, 'runs', 'quiet'))).not.toContain('texts.csv');
  });

  it('reuses every step in a second run, and says so', async () => {
    bench = new Bench(environment);
    await bench.work();
    await bench.complete({ run: 'first' });
    const second = await bench.complete({ run: 'second' });
    const reused = ['data', 'fold', 'oof', 'thresholds', 'submission'];
    expect(second.reused).toEqual(reused);
    expect(bench.trainer.jobs).toHaveLength(3);
    expect(resultOf('second')).toMatchObject({ reused, seconds: { data: 0, fold: 0 } });
    const page = readFileSync(join(bench.folder, 'runs', 'second', 'report.html'), 'utf8');
    expect(page.match(/<dd>reused<\/dd>/g)).toHaveLength(reused.length);
    expect(readFileSync(join(bench.folder, 'runs', 'second', 'models', '1', 'config.json'), 'utf8')).toBe(
      '{"fold":1}',
    );
  });

  it('trains no fold again when only the test rows have changed', async () => {
    bench = new Bench(environment);
    await bench.work();
    await bench.complete();
    writeFileSync(join(bench.folder, 'test.csv'), 'id,text\nc,three\n');
    const second = await bench.complete();
    expect(second.reused).toEqual(['fold', 'oof', 'thresholds']);
    expect(bench.trainer.jobs).toHaveLength(3);
  });

  it('trains every fold again when an option of the training changes, or when the run is to be fresh', async () => {
    bench = new Bench(environment);
    await bench.work();
    await bench.complete();
    await bench.complete({ overrides: { 'training.learningRate': 0.5 } });
    expect(bench.trainer.jobs).toHaveLength(6);
    const fresh = await bench.complete({ fresh: true });
    expect(fresh.reused).toEqual([]);
    expect(bench.trainer.jobs).toHaveLength(9);
  });

  it('does all but submit where there are no test rows, and reuses the folds once there are', async () => {
    bench = new Bench(environment);
    await bench.work();
    const train = join(bench.folder, 'train.csv');
    const summary = await bench.complete({ run: 'first', pipeline: bench.pipeline({ data: { train } }) });
    expect(summary.macroF1?.tuned).toBe(1);
    expect(resultOf('first')).toMatchObject({ status: 'completed', rows: { train: 30, test: null } });
    const files = readdirSync(join(bench.folder, 'runs', 'first'));
    expect(files).toEqual(expect.arrayContaining(['oof.csv', 'report.html', 'models']));
    expect(files.filter((name) => ['submission.csv', 'predictions.csv'].includes(name))).toEqual([]);
    const second = await bench.complete({ run: 'second' });
    expect(second.reused).toEqual(['fold', 'oof', 'thresholds']);
    expect(readdirSync(join(bench.folder, 'runs', 'second'))).toContain('submission.csv');
  });

  it('runs a pipeline from the path of its file', async () => {
    bench = new Bench(environment);
    await bench.work();
    const file = join(bench.folder, 'pipeline.yaml');
    writeFileSync(file, JSON.stringify(bench.pipeline({ data: { train: 'train.csv', test: 'test.csv' } })));
    expect((await bench.complete({ pipeline: file })).pipeline).toBe('bench');
  });

  it.each([
    [
      'a fault in the pipeline',
      { folds: { count: 'three' } },
      /^the pipeline of the workflow input: 1 fault\nthe pipeline of the workflow input folds\.count: found "three"/,
    ],
    [
      'a path outside the roots of the worker',
      { data: { train: '/etc/passwd', test: 'test.csv' } },
      /may not read there/,
    ],
    ['data that does not fit', { labels: ['joy', 'anger'] }, /anger/],
    ['a scheme that no worker reads', { data: { train: 'gs://bucket/a.csv', test: 'test.csv' } }, /scheme/],
  ])('fails at once, with the reason, on %s', async (_title, changes, reason) => {
    bench = new Bench(environment);
    await bench.work();
    const failure: unknown = await bench
      .complete({ pipeline: bench.pipeline(changes) })
      .catch((error: unknown) => error);
    expect((failure as Error).cause).toMatchObject({ message: expect.stringMatching(reason) as string });
    expect(bench.trainer.jobs).toHaveLength(0);
  });

  it.each([
    ['pipeline', 'run'],
    ['score', 'scoring'],
  ])('ends at once where %s is started with a second input, which nobody would read', async (type, what) => {
    bench = new Bench(environment);
    await bench.work();
    const started = environment.client.workflow.execute(type, {
      workflowId: `${bench.taskQueue}-${type}`,
      taskQueue: bench.taskQueue,
      args: [{ pipeline: bench.pipeline() }, { overrides: { 'training.epochs': 2 } }],
    });
    const failure: unknown = await started.catch((error: unknown) => error);
    expect((failure as Error).cause).toMatchObject({
      type: 'InputFault',
      message: `the input of the ${what}: there is more than one; found 2, expected one. Give --input or --input-file once; all that can be said stands in that one map.`,
    });
    expect(bench.trainer.jobs).toHaveLength(0);
  });

  it('never carries the text of a row in a failure', async () => {
    bench = new Bench(environment);
    await bench.work();
    writeFileSync(join(bench.folder, 'train.csv'), 'id,text,joy,fear\n1,a very private text,1,maybe\n');
    const handle = await bench.start();
    await handle.result().catch(() => undefined);
    const history = textsOf(await handle.fetchHistory()).join('\n');
    expect(history).not.toContain('very private');
    expect(history).toContain('fear');
  });

  it('shows itself to the Web UI: current details and search attributes', async () => {
    bench = new Bench(environment, new FakeTrainer({ steps: 20, stepMs: 50 }));
    await bench.work();
    const handle = await bench.start();
    await progressWhen(handle, ({ steps }) => steps.some(({ state }) => state === 'running'));
    await handle.result();
    const { typedSearchAttributes } = await handle.describe();
    const found = Object.fromEntries(
      typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]),
    );
    expect(found).toMatchObject({
      FoldwisePipeline: 'bench',
      FoldwiseState: 'completed',
      FoldwiseMacroF1: 1,
    });
    const details = JSON.stringify(await handle.query('__temporal_workflow_metadata'));
    expect(details).toContain('| 2 | completed | 1 | 0.520 |');
    expect(details).toContain('Reruns what failed');
  });

  it('answers the query with the epochs that the folds have signalled', async () => {
    bench = new Bench(environment);
    await bench.work();
    const handle = await bench.start();
    await handle.result();
    const progress = await progressWhen(handle, ({ state }) => state === 'completed');
    const fold = progress.steps.find(({ step }) => step === 'fold');
    expect(fold?.cells.map(({ cell, state, bestF1 }) => [cell, state, bestF1])).toEqual([
      ['1', 'completed', 0.51],
      ['2', 'completed', 0.52],
      ['3', 'completed', 0.53],
    ]);
    expect(fold?.cells[0]?.activityId).toBe('fold-1');
  });
});

/** Every string of a history, payloads decoded. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
