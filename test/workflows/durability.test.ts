import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { chmodSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Trainer } from '../../activities/services.js';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { PatientStore } from '../../store/patient-store.js';
import type { ArtifactStore } from '../../store/store.js';
import type { Predictor } from '../../activities/services.js';
import { crash } from '../../worker/child-process.js';
import type { Progress } from '../../workflows/progress.js';
import { TrainerProcess } from '../../worker/trainer-process.js';
import { folderState } from '../store/folder-state.js';
import { Bench, progressWhen, server, startEnvironment, update, without } from './bench.js';
import { FakeTrainer } from './fake-trainer.js';

describe.skipIf(server === null)(`a run that is disturbed${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let bench: Bench;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  afterEach(() => bench.dispose());
  afterAll(() => environment?.teardown());

  const until = async (holds: () => boolean): Promise<void> => {
    for (let tries = 0; tries < 400 && !holds(); tries++) await delay(20);
    expect(holds()).toBe(true);
  };

  it('goes on from the published checkpoint when its worker is shut down', async () => {
    bench = new Bench(environment, new FakeTrainer({ steps: 30, stepMs: 30 }));
    await bench.work();
    const handle = await bench.start();
    await until(() => (bench.trainer.stepsDone.get(1) ?? 0) > 5);
    await bench.rest();
    await bench.work();
    await handle.result();
    const resumed = bench.trainer.jobs.filter(({ resume }) => resume.length > 0);
    expect(resumed.map(({ fold }) => fold).toSorted()).toEqual([1, 2, 3]);
    for (const fold of [1, 2, 3]) expect(bench.trainer.stepsDone.get(fold)).toBe(30);
  });

  it('trains each fold once where two runs of the same pipeline run at once', async () => {
    bench = new Bench(environment, new FakeTrainer({ steps: 10, stepMs: 30 }));
    await bench.work({}, { slots: 6 });
    const [first, second] = await Promise.all([bench.start(), bench.start()]);
    const summaries = await Promise.all([first.result(), second.result()]);
    expect(summaries).toMatchObject([{ skippedFolds: [] }, { skippedFolds: [] }]);
    expect(bench.trainer.jobs.map(({ fold }) => fold).toSorted()).toEqual([1, 2, 3]);
  });

  it('keeps the checkpoints of a cancelled run for the next one', async () => {
    bench = new Bench(environment, new FakeTrainer({ steps: 300, stepMs: 30 }));
    await bench.work();
    const first = await bench.start();
    await until(() => (bench.trainer.stepsDone.get(1) ?? 0) > 5);
    await first.cancel();
    await expect(first.result()).rejects.toThrow();
    const { state, steps } = await first.query<Progress>('progress');
    expect(state).toBe('cancelled');
    expect(steps.flatMap((step) => [step.state, ...step.cells.map((cell) => cell.state)])).not.toContain(
      'running',
    );
    const done = bench.trainer.stepsDone.get(1) ?? 0;
    expect(done).toBeLessThan(300);
    await bench.complete();
    expect(bench.trainer.stepsDone.get(1)).toBe(300);
  }, 120_000);

  it('completes with the same files on a store of which every third call fails', async () => {
    bench = new Bench(environment);
    const { store } = folderState(join(bench.folder, '.foldwise'));
    let calls = 0;
    const everyThirdFails = <T>(call: () => Promise<T>): Promise<T> =>
      ++calls % 3 === 0
        ? Promise.reject(new EnvironmentFault({ where: 'the store', what: 'no answer' }))
        : call();
    const flaky: ArtifactStore = {
      putBytes: (bytes) => everyThirdFails(() => store.putBytes(bytes)),
      putFile: (path, options) => everyThirdFails(() => store.putFile(path, options)),
      getBytes: (ref) => everyThirdFails(() => store.getBytes(ref)),
      localPath: (ref) => everyThirdFails(() => store.localPath(ref)),
      has: (ref) => everyThirdFails(() => store.has(ref)),
    };
    await bench.work({ store: new PatientStore(flaky) });
    await bench.complete({ run: 'flaky' });
    expect(readFileSync(join(bench.folder, 'runs', 'flaky', 'oof.csv'), 'utf8').split('\n')).toHaveLength(32);
  });

  it('goes on with a fold whose trainer is frozen in another attempt', async () => {
    const fake = new FakeTrainer();
    bench = new Bench(environment, fake);
    const frozen = new TrainerProcess({
      script: fileURLToPath(new URL('../worker/fake-child.mjs', import.meta.url)),
      onOutput: () => undefined,
      watch: { silenceMs: 1_000, everyMs: 50 },
    });
    let pid: number | undefined;
    const train: Trainer['train'] = (job, options) => {
      if (job.fold !== 1 || pid !== undefined) return fake.train(job, options);
      return frozen.train(
        { ...job, labels: ['steps'] },
        {
          ...options,
          onMessage: (message) => {
            options.onMessage(message);
            if (message.type !== 'step' || pid !== undefined) return;
            pid = Number(readFileSync(join(job.workDirectory, 'pid'), 'utf8'));
            process.kill(pid, 'SIGSTOP');
          },
        },
      );
    };
    await bench.work({ trainer: { train } });
    expect(await bench.complete({ run: 'frozen' })).toMatchObject({ skippedFolds: [] });
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
    const events = readFileSync(join(bench.folder, 'runs', 'frozen', 'events.ndjson'), 'utf8');
    expect(events).toMatch(/"fold interrupted".*"fold":1.*"reason":"ProcessStalled"/);
  });

  it('leaves no checkpoint behind when its folds are finished', async () => {
    bench = new Bench(environment);
    await bench.work();
    await bench.complete();
    expect(readdirSync(join(bench.folder, '.foldwise', 'checkpoints'))).toEqual([]);
  });

  it('makes a damaged artifact again before the step that reads it is retried', async () => {
    const broken = new InputFault({ where: 'fold 1', what: 'not yet' });
    bench = new Bench(
      environment,
      new FakeTrainer({ fail: ({ fold }, calls) => (fold === 1 && calls === 1 ? broken : undefined) }),
    );
    await bench.work();
    const handle = await bench.start();
    await progressWhen(handle, ({ state }) => state === 'waiting');
    damageArtifacts(join(bench.folder, '.foldwise', 'store', 'sha256'), '"texts"');
    await update(handle, 'retry', { step: 'fold', cell: '1' });
    expect(await handle.result()).toMatchObject({ skippedFolds: [] });
    expect(bench.trainer.jobs.map(({ fold }) => fold).toSorted()).toEqual([1, 1, 2, 3]);
  });

  /** A run whose first fold failed and waits, and whose prepared table is damaged since. */
  async function damagedWhileWaiting(): Promise<WorkflowHandle> {
    const broken = new InputFault({ where: 'fold 1', what: 'not yet' });
    bench = new Bench(
      environment,
      new FakeTrainer({ fail: ({ fold }, calls) => (fold === 1 && calls === 1 ? broken : undefined) }),
    );
    await bench.work();
    const handle = await bench.start();
    await progressWhen(handle, ({ state }) => state === 'waiting');
    damageArtifacts(join(bench.folder, '.foldwise', 'store', 'sha256'), '"texts"');
    return handle;
  }

  it('waits where a lost artifact cannot be made again, and goes on once it can', async () => {
    const handle = await damagedWhileWaiting();
    const table = join(bench.folder, 'train.csv');
    renameSync(table, `${table}.away`);
    await update(handle, 'retry', { step: 'fold', cell: '1' });
    const progress = await progressWhen(
      handle,
      ({ state, steps }) => state === 'waiting' && steps[0]?.state === 'failed',
    );
    expect(progress.waitingFor).toBe('retry or skip of fold-1');
    expect(progress.steps[0]?.message).toMatch(/no such file/);
    renameSync(`${table}.away`, table);
    await update(handle, 'retry', { step: 'fold', cell: '1' });
    expect(await handle.result()).toMatchObject({ skippedFolds: [] });
  });

  it('ends where a lost artifact comes out otherwise, since other folds have read the former', async () => {
    const handle = await damagedWhileWaiting();
    const table = join(bench.folder, 'train.csv');
    writeFileSync(table, readFileSync(table, 'utf8').replace('text 3,', 'another text,'));
    await update(handle, 'retry', { step: 'fold', cell: '1' });
    await expect(handle.result()).rejects.toMatchObject({
      cause: {
        type: 'InputsChanged',
        message: expect.stringMatching(/differs from what other steps/) as string,
      },
    });
  });

  it('is cancelled, and not failed, where it is cancelled while it predicts', async () => {
    bench = new Bench(environment);
    let predicting = false;
    // As the real one: its process is killed, which looks like a crash.
    const predictor: Predictor = {
      predict: (_folder, _texts, { signal }) =>
        new Promise((_resolve, reject) => {
          predicting = true;
          signal.addEventListener('abort', () => reject(crash('the ensemble', null, 'SIGKILL')));
        }),
    };
    await bench.work({ predictor });
    const handle = await bench.start();
    await until(() => predicting);
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect((await handle.query<Progress>('progress')).state).toBe('cancelled');
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });
});

/** Flips a byte of every artifact with that text in it. */
function damageArtifacts(folder: string, text: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !readFileSync(path, 'utf8').includes(text)) continue;
    chmodSync(path, 0o644);
    writeFileSync(path, readFileSync(path, 'utf8').replace(text, '"texTs"'));
  }
}
