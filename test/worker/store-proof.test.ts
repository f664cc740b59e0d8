import { NativeConnection } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InputFault } from '../../errors/fault.js';
import { reinstateMark, requireSharedStore, storeMark, workerIdentity } from '../../worker/store-proof.js';
import { createWorkers } from '../../worker/workers.js';
import { server, startEnvironment, without } from '../workflows/bench.js';

describe('the mark of a workdir', () => {
  let workdir: string;
  beforeEach(() => {
    workdir = mkdtempSync(join(tmpdir(), 'foldwise-mark-'));
  });
  afterEach(() => rmSync(workdir, { recursive: true, force: true }));

  it('is made once, and the same for all who ask', async () => {
    const marks = await Promise.all([storeMark(workdir), storeMark(workdir), storeMark(workdir)]);
    expect(new Set([...marks, await storeMark(workdir)]).size).toBe(1);
    expect(marks[0]).toMatch(/^[0-9a-f]{12}$/);
  });

  it('is refused where the file holds something else', async () => {
    mkdirSync(join(workdir, '.foldwise'));
    writeFileSync(join(workdir, '.foldwise', 'id'), '../../x');
    await expect(storeMark(workdir)).rejects.toThrow(/\.foldwise\/id: this is not the mark of a workdir/);
  });
});

describe.skipIf(server === null)(`a worker over another workdir${without}`, () => {
  let environment: TestWorkflowEnvironment;
  let connection: NativeConnection;
  let root: string;
  beforeAll(async () => {
    environment = await startEnvironment();
    connection = await NativeConnection.connect({ address: environment.address });
    root = mkdtempSync(join(tmpdir(), 'foldwise-stores-'));
  });
  afterAll(async () => {
    await connection?.close();
    await environment?.teardown();
    rmSync(root, { recursive: true, force: true });
  });

  const proves = (name: string, taskQueue: string, ownServer = false): Promise<string> =>
    requireSharedStore({
      connection,
      namespace: 'default',
      workdir: join(root, name),
      ownServer,
      taskQueues: [taskQueue],
    });

  it('is refused while runs are open, names whose they are, and is let in when they have ended', async () => {
    await proves('ours', 'nobody');
    await proves('ours', 'nobody');
    // Nothing goes on yet: the namespace is anybody's.
    await proves('another', 'nobody');
    await proves('ours', 'nobody');
    const run = await environment.client.workflow.start('pipeline', {
      workflowId: 'open',
      taskQueue: 'nobody',
    });
    await until(() =>
      proves('another', 'nobody').then(
        () => false,
        () => true,
      ),
    );
    const refusal = await proves('another', 'nobody').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(InputFault);
    expect(String(refusal)).toContain(`the workdir ${join(root, 'another')}`);
    expect(String(refusal)).toContain(`:${join(root, 'ours')}`);
    expect(String(refusal)).toContain('found open runs of it');
    await proves('ours', 'nobody');
    await run.terminate();
    await until(() =>
      proves('another', 'nobody').then(
        () => true,
        () => false,
      ),
    );
  });

  it('that was emptied under open runs is said to have been, and stays so until they have ended', async () => {
    const id = join(root, 'lost', '.foldwise', 'id');
    const mark = await proves('lost', 'emptied');
    const run = await environment.client.workflow.start('pipeline', {
      workflowId: 'open-on-lost',
      taskQueue: 'emptied',
    });
    await until(() =>
      proves('another', 'emptied').then(
        () => false,
        () => true,
      ),
    );
    const refusal = async (): Promise<string> => {
      const error: unknown = await proves('lost', 'emptied').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InputFault);
      return (error as Error).message;
    };
    rmSync(id);
    for (let start = 0; start < 2; start++) {
      const message = await refusal();
      expect(message).toContain(`the workdir ${join(root, 'lost')}: it was emptied or replaced while runs`);
      expect(message).toContain(`found no mark; expected the mark ${mark}. Put back what it held`);
    }
    expect(existsSync(id)).toBe(false);
    writeFileSync(id, '0123456789ab\n');
    expect(await refusal()).toContain('found the mark 0123456789ab');
    // What it held was put back.
    writeFileSync(id, `${mark}\n`);
    expect(await proves('lost', 'emptied')).toBe(mark);
    // Or there is no copy: the open run is let go on.
    const link = { connection, namespace: 'default' };
    const lost = join(root, 'lost');
    rmSync(id);
    expect(await refusal()).toContain(`\`foldwise store reinstate ${mark}\``);
    await expect(reinstateMark(link, lost, '0123456789ab')).rejects.toThrow(
      `no run of the namespace default knows its store by that mark; found 0123456789ab; expected ${mark}`,
    );
    expect(existsSync(id)).toBe(false);
    writeFileSync(id, '0123456789ab\n');
    await expect(reinstateMark(link, lost, mark)).rejects.toThrow('it has a mark of its own');
    rmSync(id);
    await reinstateMark(link, lost, mark);
    await reinstateMark(link, lost, mark);
    expect(await proves('lost', 'emptied')).toBe(mark);
    rmSync(id);
    await run.terminate();
    await until(() =>
      proves('lost', 'emptied').then(
        () => true,
        () => false,
      ),
    );
    expect(await storeMark(join(root, 'lost'))).not.toBe(mark);
  });

  it('is refused beside a worker of the other, whatever was noted before that worker asked', async () => {
    await proves('ours', 'stores');
    await proves('another', 'stores');
    const workdir = join(root, 'ours');
    const workers = await createWorkers({
      connection,
      namespace: 'default',
      workdir,
      taskQueue: 'stores',
      queues: ['gpu'],
      identity: workerIdentity(await storeMark(workdir)),
    });
    const working = workers.run();
    try {
      await until(() =>
        proves('another', 'stores-gpu').then(
          () => false,
          () => true,
        ),
      );
      await expect(proves('another', 'stores-gpu')).rejects.toThrow(/found workers of it: \d+@/);
      await proves('ours', 'stores-gpu');
    } finally {
      workers.shutdown();
      await working;
    }
  });

  it("is let in where the server's database is the workdir's own", async () => {
    await proves('third', 'stores-gpu', true);
    await expect(proves('ours', 'stores-gpu')).resolves.toMatch(/^[0-9a-f]{12}$/);
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect.fail('it never came to that');
}
