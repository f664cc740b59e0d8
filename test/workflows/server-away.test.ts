import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServerProcess } from '../../bench/faults/server-process.js';
import { folderState } from '../store/folder-state.js';
import { Bench, quietRuntime, server, without } from './bench.js';
import { FakeTrainer } from './fake-trainer.js';

/** Longer than a lease and than the heartbeat timeout of 15 s: the server gives the folds up. */
const awayMs = 20_000;
const leaseMs = 2_000;
const steps = 900;

describe.skipIf(server === null)(`a server that is away while folds train${without}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-away-'));
  let process: ServerProcess;
  let bench: Bench | undefined;
  let connection: Connection;
  let nativeConnection: NativeConnection;

  beforeAll(async () => {
    quietRuntime();
    process = await ServerProcess.start(folder);
    const { address } = process;
    connection = await Connection.connect({ address });
    nativeConnection = await NativeConnection.connect({ address });
  });
  afterAll(async () => {
    await bench?.dispose();
    await nativeConnection.close();
    await connection.close();
    await process.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('stops none of them, although an epoch ends with every step, and no step is done again', async () => {
    const client = new Client({ connection });
    const trainer = new FakeTrainer({ steps, stepMs: 30, stepsAreEpochs: true });
    bench = new Bench({ client, nativeConnection, namespace: 'default' }, trainer);
    const { checkpoints } = folderState(bench.folder, { leaseMs });
    await bench.work({ checkpoints });
    const handle = await bench.start();
    const done = (): number => [...trainer.stepsDone.values()].reduce((sum, count) => sum + count, 0);
    while (done() < 30) await delay(50);

    process.kill();
    const before = done();
    await delay(awayMs);
    const during = done() - before;
    expect(trainer.jobs).toHaveLength(3);
    await process.restart();

    expect(await handle.result()).toMatchObject({ skippedFolds: [] });
    // 30 ms a step on a machine of its own; a busy one takes several times as long.
    expect(during).toBeGreaterThan(3 * 30);
    expect([...trainer.stepsDone.values()]).toEqual([steps, steps, steps]);
  }, 240_000);
});
