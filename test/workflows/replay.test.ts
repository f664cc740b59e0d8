import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { DeterminismViolationError } from '@temporalio/workflow';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { Bench, labels, progressWhen, quietRuntime, startEnvironment, update } from './bench.js';
import { bundledWorkflows } from './bundles.js';
import { FakePredictor, FakeTrainer } from './fake-trainer.js';

type History = temporal.api.history.v1.IHistory;

const folder = fileURLToPath(new URL('../histories', import.meta.url));
const recording = process.env['FOLDWISE_RECORD_HISTORIES'] !== undefined;

/**
 * Recorded anew only with a change that may break running pipelines: `FOLDWISE_RECORD_HISTORIES=1`. Those of
 * runs that carried the pipeline and the outputs of folds in every call, `carried-…`, stay as they are.
 */
describe.runIf(recording)('the recorder of histories', () => {
  it('records a run that is disturbed, and one that reuses it', async () => {
    const environment = await startEnvironment();
    const bench = new Bench(environment, failing());
    await bench.work();
    const first = await bench.start({ run: 'first' });
    await progressWhen(first, ({ waitingFor }) => waitingFor === 'retry or skip of fold-2, fold-3');
    await update(first, 'retry', { step: 'fold', cell: '2' });
    await update(first, 'skip', { step: 'fold', cell: '3' });
    await first.result();
    await record('retry-and-skip', first, bench.folder);
    const second = await bench.start({ run: 'second' });
    await progressWhen(second, ({ state }) => state === 'waiting');
    await update(second, 'retry', { step: 'fold' });
    await second.result();
    await record('reuse', second, bench.folder);
    const matrix = {
      fold: { run: 'trainFold', needs: ['data'], matrix: { fold: 'all', 'training.seed': [7, 8] } },
    };
    const steps = { data: { run: 'prepareData' }, ...matrix, oof: { run: 'aggregateOof', needs: ['fold'] } };
    const third = await bench.start({ run: 'third', pipeline: bench.pipeline({ steps }) });
    await progressWhen(third, ({ state }) => state === 'waiting');
    await update(third, 'skip', { step: 'fold', cell: 'seed-8/3' });
    await third.result();
    await record('matrix', third, bench.folder);
    await bench.dispose();
    await environment.teardown();
  });

  it('records a scoring in chunks, one of which is tried again', async () => {
    const environment = await startEnvironment();
    const bench = new Bench(environment);
    let calls = 0;
    const predictor = new FakePredictor(labels.length);
    await bench.work({
      chunkRows: 1,
      predictor: {
        predict: async (folder, files) => {
          if (++calls === 5) throw new EnvironmentFault({ where: 'a chunk', what: 'the disk is full' });
          await predictor.predict(folder, files);
        },
      },
    });
    await bench.complete({ run: 'trained' });
    const scored = await environment.client.workflow.start('score', {
      workflowId: 'score',
      taskQueue: bench.taskQueue,
      args: [{ ensemble: 'trained', table: join(bench.folder, 'test.csv'), score: 'scored' }],
    });
    await scored.result();
    await record('score', scored, bench.folder);
    await bench.dispose();
    await environment.teardown();
  });
});

describe('a change of the workflow code', () => {
  beforeAll(() => {
    if (!recording) quietRuntime();
  });
  const names = readdirSync(folder).filter((name) => name.endsWith('.binpb'));

  it.each(names)('leaves a run that is under way intact: %s', async (name) => {
    await Worker.runReplayHistory({ workflowBundle: await bundledWorkflows() }, historyOf(name));
  });

  it.each(['reuse.binpb', 'score.binpb'])(
    'leaves one intact that was started with a second input before that was refused: %s',
    async (name) => {
      const history = historyOf(name);
      const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
      started?.input?.payloads?.push(defaultPayloadConverter.toPayload({ 'training.epochs': 2 }));
      expect(started?.input?.payloads).toHaveLength(2);
      await Worker.runReplayHistory({ workflowBundle: await bundledWorkflows() }, history);
    },
  );

  it('is noticed where it would break one', async () => {
    const history = historyOf(names[0]!);
    for (const { activityTaskScheduledEventAttributes: scheduled } of history.events ?? []) {
      if (scheduled?.activityType?.name === 'aggregateOof') scheduled.activityType.name = 'other';
    }
    const replay = Worker.runReplayHistory({ workflowBundle: await bundledWorkflows() }, history);
    await expect(replay).rejects.toBeInstanceOf(DeterminismViolationError);
  });
});

/** Fold 2 fails once, fold 3 as often as its first run asks it, and with the seed 8 always. */
function failing(): FakeTrainer {
  const broken = new InputFault({ where: 'a fold', what: 'it does not fit' });
  return new FakeTrainer({
    fail: ({ fold, seed }, calls) =>
      (calls === 1 && fold > 1) || (fold === 3 && (calls === 2 || seed === 8)) ? broken : undefined,
  });
}

function historyOf(name: string): History {
  return temporal.api.history.v1.History.decode(readFileSync(join(folder, name)));
}

async function record(name: string, handle: WorkflowHandle, workdir: string): Promise<void> {
  const history = neutral(await handle.fetchHistory(), workdir) as History;
  writeFileSync(join(folder, `${name}.binpb`), temporal.api.history.v1.History.encode(history).finish());
}

/** Without what belongs to the machine that recorded it. */
function neutral(value: unknown, workdir: string): unknown {
  if (value instanceof Uint8Array) {
    return Buffer.from(Buffer.from(value).toString('utf8').replaceAll(workdir, '/pipelines/bench'));
  }
  if (Array.isArray(value)) return value.map((entry) => neutral(entry, workdir));
  if (typeof value !== 'object' || value === null || 'toNumber' in value) return value;
  const blank: Record<string, string> = { identity: 'worker', stackTrace: '' };
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      typeof entry === 'string'
        ? (blank[key] ?? entry.replaceAll(hostname(), 'host'))
        : neutral(entry, workdir),
    ]),
  );
}
