import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServerProcess } from '../../bench/faults/server-process.js';
import { findRun } from '../../cli/runs/find-run.js';
import { observeRun } from '../../cli/runs/observe-run.js';
import { startRun, summaryOf } from '../../cli/runs/start-run.js';
import { createSchedule, listSchedules } from '../../cli/schedules/schedules.js';
import { workdirAt } from '../../cli/workdir.js';
import { InputFault } from '../../errors/fault.js';
import { dataConverterOf } from '../../payloads/data-converter.js';
import { newKeyLine, parseEncryptionKeys, type EncryptionKeys } from '../../payloads/encryption-keys.js';
import { resolvePipeline, type PipelineDocument } from '../../library/pipeline-source.js';
import { Bench, progressWhen, quietRuntime, server, update, without } from './bench.js';
import { FakeTrainer } from './fake-trainer.js';

const keysOf = (...lines: string[]): EncryptionKeys => parseEncryptionKeys(lines.join('\n'), 'test');
const [firstLine, secondLine] = [newKeyLine('first'), newKeyLine('second')];

/** What must stand nowhere in the clear: labels, settings, names of steps, words of failures, names of files. */
const secrets = [
  'zebrafinch',
  'quokkamoth',
  '0.0001937',
  '0.0002741',
  'narwhalstep',
  'axolotl words',
  'train.csv',
  'learningRate',
  'foldwise-bench-',
];

/** Everything that the server gives of a namespace, and the files of its database. */
class Dump {
  constructor(
    private readonly client: Client,
    private readonly workdir: string,
  ) {}

  async found(words: readonly string[]): Promise<string[]> {
    const places = { ...(await this.answers()), ...this.files() };
    return Object.entries(places).flatMap(([place, bytes]) =>
      words.filter((word) => bytes.includes(word)).map((word) => `${word} in ${place}`),
    );
  }

  private async answers(): Promise<Record<string, Buffer>> {
    const { client } = this;
    const { workflowService } = client;
    const namespace = 'default';
    const found: Record<string, Buffer> = {};
    const { executions } = await workflowService.listWorkflowExecutions({ namespace, query: '' });
    found['the listing'] = flat(executions);
    for (const { execution } of executions ?? []) {
      const of = { namespace, execution: execution ?? null };
      found[`the history of ${execution?.workflowId}`] = flat(
        await workflowService.getWorkflowExecutionHistory(of),
      );
      found[`the description of ${execution?.workflowId}`] = flat(
        await workflowService.describeWorkflowExecution(of),
      );
    }
    const { schedules } = await workflowService.listSchedules({ namespace });
    for (const { scheduleId = '' } of schedules ?? [])
      found[`the schedule ${scheduleId}`] = flat(
        await workflowService.describeSchedule({ namespace, scheduleId }),
      );
    found['the schedules'] = flat(schedules);
    found['the namespace'] = flat(await workflowService.describeNamespace({ namespace }));
    return found;
  }

  private files(): Record<string, Buffer> {
    const folder = join(this.workdir, '.foldwise');
    const names = readdirSync(folder).filter((name) => name.startsWith('temporal.'));
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]));
  }
}

/** All texts and bytes of an answer, one after another. */
function flat(value: unknown): Buffer {
  const parts: Buffer[] = [];
  const look = (part: unknown): void => {
    if (part instanceof Uint8Array) parts.push(Buffer.from(part), Buffer.from('\n'));
    else if (typeof part === 'object' && part !== null)
      for (const [name, inner] of Object.entries(part)) {
        parts.push(Buffer.from(`${name} `));
        look(inner);
      }
    else parts.push(Buffer.from(`${String(part)}\n`));
  };
  look(value);
  return Buffer.concat(parts);
}

describe.skipIf(server === null)(`a run whose payloads are encrypted${without}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-encrypted-'));
  let process: ServerProcess;
  let connection: Connection;
  let nativeConnection: NativeConnection;
  const benches: Bench[] = [];

  beforeAll(async () => {
    quietRuntime();
    process = await ServerProcess.start(folder);
    connection = await Connection.connect({ address: process.address });
    nativeConnection = await NativeConnection.connect({ address: process.address });
  });
  afterAll(async () => {
    for (const bench of benches) await bench.dispose();
    await nativeConnection?.close();
    await connection?.close();
    await process?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const clientWith = (keys: EncryptionKeys | null): Client =>
    new Client({ connection, dataConverter: dataConverterOf(keys) });

  function benchWith(client: Client, trainer = new FakeTrainer()): Bench {
    const bench = new Bench({ client, nativeConnection, namespace: 'default' }, trainer);
    benches.push(bench);
    return bench;
  }

  const steps = {
    narwhalstep: { run: 'prepareData' },
    fold: {
      run: 'trainFold',
      needs: ['narwhalstep'],
      matrix: { fold: 'all', 'training.learningRate': [0.0001937, 0.0002741] },
      onFailure: 'wait',
    },
    oof: { run: 'aggregateOof', needs: ['fold'] },
    thresholds: { run: 'tuneThresholds', needs: ['oof'] },
    submission: { run: 'predictEnsemble', needs: ['thresholds'] },
    report: { run: 'writeReport', needs: ['submission'] },
  };

  const pipelineOf = (bench: Bench, name: string): Record<string, unknown> =>
    bench.pipeline({ name, labels: ['zebrafinch', 'quokkamoth'], steps });

  /** The first training fails once, in words of its own, and a person has it tried again. */
  const failsOnce = (): FakeTrainer => {
    let failed = false;
    const fail = (): Error | undefined => {
      if (failed) return undefined;
      failed = true;
      return new InputFault({ where: 'a fold', what: 'axolotl words' });
    };
    return new FakeTrainer({ fail });
  };

  /** A run with a failure, a decision, epochs' signals and a schedule. @returns the bytes of what it wrote */
  async function whole(name: string, keys: EncryptionKeys | null): Promise<Record<string, string>> {
    const client = clientWith(keys);
    const bench = benchWith(client, failsOnce());
    rename(bench);
    await bench.work({}, { encryption: keys });
    const pipeline = resolvePipeline(pipelineOf(bench, name) as unknown as PipelineDocument);
    const startedAt = new Date(0);
    const { handle, run } = await startRun(client, pipeline, {
      fresh: false,
      startedAt,
      taskQueue: bench.taskQueue,
    });
    await progressWhen(handle, ({ state }) => state === 'waiting');
    const view = await observeRun(client, { handle, run });
    expect(JSON.stringify(view)).toContain('axolotl words');
    expect(await update(handle, 'retry', { step: 'fold' })).toContain('runs again');
    await handle.result();
    const { cells } = (await observeRun(client, { handle, run })).progress.steps.find(
      ({ step }) => step === 'fold',
    )!;
    expect(cells.map(({ epochs }) => epochs.length)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(cells[0]?.cell).toContain('0.0001937');
    expect((await findRun(client, run, workdirAt(bench.folder))).handle.workflowId).toBe(handle.workflowId);

    const scheduleId = `${name}-nightly`;
    await createSchedule(client, {
      scheduleId,
      spec: { cronExpressions: ['0 3 1 1 *'] },
      action: {
        type: 'startWorkflow',
        workflowType: 'pipeline',
        workflowId: `${name}-scheduled`,
        taskQueue: bench.taskQueue,
        args: [{ pipeline }],
        ...summaryOf(pipeline),
      },
    });
    const schedule = client.schedule.getHandle(scheduleId);
    await schedule.trigger();
    await expect.poll(async () => (await schedule.describe()).info.recentActions.length).toBe(1);
    const { action } = await schedule.describe();
    expect(JSON.stringify(action.args)).toContain('zebrafinch');
    const { recentActions } = (await schedule.describe()).info;
    await client.workflow.getHandle(recentActions[0]!.action.workflow.workflowId).result();
    expect((await listSchedules({ client })).map(({ id }) => id)).toContain(scheduleId);
    await bench.rest();
    const directory = join(bench.folder, 'runs', run);
    return Object.fromEntries(
      readdirSync(directory, { recursive: true })
        .map(String)
        .filter((path) => /\.(csv|onnx)$/.test(path) && statSync(join(directory, path)).isFile())
        .map((path) => [path, readFileSync(join(directory, path), 'base64')]),
    );
  }

  function rename(bench: Bench): void {
    for (const name of ['train.csv', 'test.csv']) {
      const path = join(bench.folder, name);
      const text = readFileSync(path, 'utf8').replace('joy,fear', 'zebrafinch,quokkamoth');
      rmSync(path);
      writeFileSync(path, text);
    }
  }

  it('shows nothing of the pipeline but its name, anywhere on the server, and has the bits of one in the clear', async () => {
    const files = await whole('sealed', keysOf(firstLine));
    const dump = new Dump(clientWith(null), folder);
    expect(await dump.found(secrets)).toEqual([]);
    // What is known to stand there shows that it is looked for rightly.
    expect(await dump.found(['sealed'])).not.toEqual([]);
    const open = await whole('clear', null);
    expect(files).toEqual(open);
    expect(Object.keys(files).length).toBeGreaterThan(8);
    const found = await dump.found(secrets);
    for (const secret of secrets) expect(found.join('\n')).toContain(`${secret} in the history`);
    expect(found.join('\n')).toContain('zebrafinch in temporal.db');
  }, 240_000);

  it('goes on under another key, and is read by whoever has both', async () => {
    const old = keysOf(firstLine);
    const both = keysOf(secondLine, firstLine);
    const client = clientWith(both);
    const bench = benchWith(clientWith(old), failsOnce());
    await bench.work({}, { encryption: old });
    const handle = await bench.start({ run: 'rotated' });
    await progressWhen(handle, ({ state }) => state === 'waiting');
    await bench.rest();
    await bench.work({}, { encryption: both });
    const again = client.workflow.getHandle(handle.workflowId);
    await update(again, 'retry', { step: 'fold' });
    expect(await again.result()).toMatchObject({ run: 'rotated', skippedFolds: [] });
    const history = flat(await again.fetchHistory());
    expect(history.includes('first')).toBe(true);
    expect(history.includes('second')).toBe(true);
    await bench.rest();
  }, 120_000);

  it('waits, and is not ended, where a worker lacks its key; the client that lacks it is told which', async () => {
    const keys = keysOf(firstLine);
    const client = clientWith(keys);
    const bench = benchWith(client, failsOnce());
    // Begun before the key was taken away, and started anew after it.
    await bench.work({}, { encryption: keys });
    const begun = await bench.start({ run: 'begun' });
    await progressWhen(begun, ({ state }) => state === 'waiting');
    await bench.rest();
    await bench.work({}, { encryption: null });
    const fresh = await bench.start({ run: 'fresh' });
    await begun.signal('epochFinished', { fold: 1 });
    const failedTasks = async (handle: typeof begun): Promise<string> => {
      const { events } = await handle.fetchHistory();
      return flat((events ?? []).map((event) => event.workflowTaskFailedEventAttributes?.failure)).toString();
    };
    for (const handle of [begun, fresh])
      await expect.poll(() => failedTasks(handle)).toContain('it is encrypted with the key first');
    const keyless = clientWith(null);
    await expect(summaryIn(keyless, begun.workflowId)).rejects.toThrow(
      /^run begun: a worker takes it up and fails at it, .*; found attempt \d+: .*encrypted with the key first, .*[^.]\. It is tried again/,
    );
    await bench.rest();
    await bench.work({}, { encryption: keys });
    await progressWhen(begun, ({ state }) => state === 'waiting');
    await update(begun, 'retry', { step: 'fold' });
    expect(await begun.result()).toMatchObject({ run: 'begun', skippedFolds: [] });
    expect(await fresh.result()).toMatchObject({ run: 'fresh' });
    await expect(summaryIn(keyless, begun.workflowId)).rejects.toThrow(
      'it is encrypted with the key first, which is not among the encryption keys',
    );
    await bench.rest();
  }, 240_000);

  async function summaryIn(client: Client, workflowId: string): Promise<unknown> {
    return observeRun(client, { run: 'begun', handle: client.workflow.getHandle(workflowId) });
  }

  it('is blocked by no signal that cannot be decrypted, and refuses an input that never can', async () => {
    const keys = keysOf(firstLine);
    const client = clientWith(keys);
    const stranger = clientWith(keysOf(newKeyLine('theirs')));
    const forger = clientWith(keysOf(newKeyLine('first')));
    const bench = benchWith(client, new FakeTrainer({ steps: 40, stepMs: 50 }));
    await bench.work({}, { encryption: keys });
    const handle = await bench.start({ run: 'disturbed' });
    await progressWhen(handle, ({ steps: shown }) => shown.some(({ state }) => state === 'running'));
    for (const other of [stranger, forger]) {
      const theirs = other.workflow.getHandle(handle.workflowId);
      await theirs.signal('epochFinished', { fold: 1 });
      await expect(theirs.executeUpdate('retry', { args: [{ step: 'fold' }] })).rejects.toThrow();
    }
    expect(await handle.result()).toMatchObject({ run: 'disturbed', skippedFolds: [] });
    expect((await handle.query<{ ignored?: number }>('progress')).ignored).toBe(2);
    const refused = forger.workflow.start('pipeline', {
      workflowId: `${bench.taskQueue}-forged`,
      taskQueue: bench.taskQueue,
      args: [{ pipeline: bench.pipeline() }],
    });
    await refused;
    const forged = client.workflow.getHandle(`${bench.taskQueue}-forged`);
    await expect(forged.result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('does not decrypt with the key first') as string },
    });
    await bench.rest();
  }, 120_000);

  it('may begin in the clear and go on encrypted', async () => {
    const keys = keysOf(firstLine);
    const bench = benchWith(clientWith(null), failsOnce());
    await bench.work();
    const handle = await bench.start({ run: 'switched' });
    await progressWhen(handle, ({ state }) => state === 'waiting');
    await bench.rest();
    await bench.work({}, { encryption: keys });
    const client = clientWith(keys);
    const again = client.workflow.getHandle(handle.workflowId);
    await update(again, 'retry', { step: 'fold' });
    expect(await again.result()).toMatchObject({ run: 'switched', skippedFolds: [] });

    await bench.rest();
  }, 120_000);
});
