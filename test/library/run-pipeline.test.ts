import { TestWorkflowEnvironment } from '@temporalio/testing';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputFault, resolvePipeline, RunFault, runPipeline, startRun } from '../../library/pipeline.js';
import { canRun, ended, temporal, withoutRuns } from '../cli/built-command-line.js';
import { SmallProject } from '../cli/small-project.js';

const entry = pathToFileURL(join(process.cwd(), 'dist/library/pipeline.js')).href;

describe('resolvePipeline', () => {
  const project = new SmallProject();
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));
  const document = {
    name: 'small',
    labels: ['joy', 'fear'],
    data: { train: 'train.csv', test: 'test.csv' },
    folds: { count: 2 },
    model: {
      scratch: {
        type: 'deberta-v2',
        hiddenSize: 32,
        layers: 1,
        heads: 2,
        intermediateSize: 64,
        vocabulary: 80,
      },
      maxLength: 16,
    },
    training: { epochs: 8, batchSize: 4, learningRate: 3e-3 },
  } as never;

  it('reads a file, its URL and an object alike', () => {
    const read = resolvePipeline(project.pipeline);
    expect(resolvePipeline(pathToFileURL(project.pipeline))).toEqual(read);
    expect(resolvePipeline(document, { folder: project.folder })).toEqual(read);
    expect(read.data.train).toBe(join(project.folder, 'train.csv'));
  });

  it('overrides what it is told to', () => {
    const overrides = { 'training.epochs': 2, 'training.bestBy': 'last', 'data.text': ['a', 'b'] };
    const { training, data } = resolvePipeline(project.pipeline, { overrides });
    expect([training.epochs, training.bestBy, data.text]).toEqual([2, 'last', ['a', 'b']]);
  });

  it('names every fault, and the place', () => {
    const overrides = { 'training.epochs': -1, 'training.epohcs': 3 };
    expect(() => resolvePipeline(project.pipeline, { overrides })).toThrow(InputFault);
    expect(() => resolvePipeline(project.pipeline, { overrides })).toThrow(/--set training\.epochs.*epohcs/s);
    expect(() => resolvePipeline(join(project.folder, 'none.yaml'))).toThrow(/there is no such file/);
    expect(() => resolvePipeline(5 as never)).toThrow(
      new TypeError('resolvePipeline: source: expected an object, found 5'),
    );
    expect(() => resolvePipeline('')).toThrow(TypeError);
    expect(() => resolvePipeline(document, { foldr: '.' } as never)).toThrow(/there is no "foldr"/);
  });

  it('is what a run must be given, where that is an object', async () => {
    for (const run of [runPipeline, startRun]) {
      await expect(run(document)).rejects.toThrow(InputFault);
      await expect(run(document)).rejects.toThrow(/data\.train.*an absolute path/s);
    }
    await expect(runPipeline(project.pipeline, { slots: 0 })).rejects.toThrow(
      /options\.slots: expected a whole/,
    );
    await expect(runPipeline(project.pipeline, { workDir: '.' } as never)).rejects.toThrow(
      /there is no "workDir"/,
    );
  });
});

describe.skipIf(!canRun)(`runPipeline and startRun${withoutRuns}`, { timeout: 240_000 }, () => {
  let project: SmallProject;
  beforeAll(() => {
    project = new SmallProject();
  });
  afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

  it('stops where it is told to, goes on from there, and ends the process each time', async () => {
    const script = join(project.folder, 'twice.mjs');
    writeFileSync(
      script,
      `import { InputFault, runPipeline } from ${JSON.stringify(entry)};
       const [pipeline, workdir] = process.argv.slice(2);
       const stop = new AbortController();
       const reason = new Error('enough');
       const onProgress = ({ progress, workflowId }) => {
         if (workflowId === '') throw new Error('no workflow id');
         if (progress.steps.some(({ cells }) => cells.some(({ epochs }) => epochs.length > 0))) stop.abort(reason);
       };
       const first = runPipeline(pipeline, { workdir, onProgress, signal: stop.signal, slots: 1 });
       const second = await runPipeline(pipeline, { workdir }).catch((error) => error);
       console.log(second instanceof InputFault, second.details.what);
       console.log((await first.catch((error) => error)) === reason);
       const messages = [];
       const run = await runPipeline(pipeline, { workdir, slots: 1, onMessage: (text) => messages.push(text) });
       console.log(messages.some((text) => /it goes on/.test(text)), run.result.folds.length, run.files.includes('models'));
       const again = await runPipeline(pipeline, { workdir, slots: 1 });
       console.log(again.run !== run.run, again.reused.join(' '));`,
    );
    const { code, out, err } = await ended(process.execPath, [script, project.pipeline, project.workdir]);
    expect([code, err, out.trim().split('\n')]).toEqual([
      0,
      '',
      [
        'true this process has a run under way in this workdir',
        'true',
        'true 2 true',
        'true data fold oof thresholds submission',
      ],
    ]);
    expect(existsSync(join(project.workdir, '.foldwise', 'server.json'))).toBe(false);
  });

  it('tells how a run ended that did not complete, and attaches to an open one', async () => {
    const server = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: temporal() } },
    });
    try {
      const { client } = server;
      // In the same second, which a run's id holds.
      const options = { client, taskQueue: 'nobody', check: false };
      const both = await Promise.all([1, 2].map(() => startRun(project.pipeline, options)));
      const [run, again] = both[0]!.attached ? [both[1]!, both[0]!] : [both[0]!, both[1]!];
      expect([run.attached, again.attached, again.run]).toEqual([false, true, run.run]);
      expect((await run.workflow.describe()).taskQueue).toBe('nobody');
      const result = again.result();
      result.catch(() => undefined);
      await run.workflow.terminate('not needed');
      await expect(result).rejects.toThrow(RunFault);
      await expect(result).rejects.toMatchObject({ run: run.run, state: 'cancelled', retryable: false });
      await run.close();
      // A client of one's own stays open.
      expect((await again.workflow.describe()).status.name).toBe('TERMINATED');
    } finally {
      await server.teardown();
    }
  });
});
