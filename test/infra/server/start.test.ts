import { Client, Connection } from '@temporalio/client';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findServer } from '../../../infra/server/find.js';
import { readRecord, recordPath, writeRecord } from '../../../infra/server/record.js';
import { startServer, type RunningServer } from '../../../infra/server/start.js';

const found = findServer();
const without = found === null ? ' (skipped: no Temporal server is installed)' : '';

describe.skipIf(found === null)(`the embedded server${without}`, () => {
  let root: string;
  let workdir: string;
  let servers: RunningServer[];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'foldwise-server-'));
    workdir = root;
    servers = [];
  });
  afterEach(async () => {
    for (const server of servers) await server.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const start = async (messages: string[] = []): Promise<RunningServer> => {
    const searchAttributes = { FoldwiseState: 'Keyword' };
    const server = await startServer({
      workdir,
      searchAttributes,
      onMessage: (message) => messages.push(message),
    });
    servers.push(server);
    return server;
  };

  it('answers once it is started, and knows the search attributes', async () => {
    const server = await start();
    const connection = await Connection.connect({ address: server.address });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: 'default',
    });
    await connection.close();
    expect(customAttributes).toHaveProperty('FoldwiseState');
    expect((await fetch(server.uiUrl ?? '')).status).toBe(200);
  });

  it.skipIf(process.platform !== 'linux')('gets no token and no key of ours', async () => {
    process.env['HF_TOKEN'] = 'hf_secret';
    process.env['SOME_API_KEY'] = 'secret';
    const { pid } = await start().finally(() => {
      delete process.env['HF_TOKEN'];
      delete process.env['SOME_API_KEY'];
    });
    const seen = readFileSync(`/proc/${pid}/environ`, 'utf8');
    expect(seen).toContain('PATH=');
    expect(seen).not.toContain('secret');
  });

  it('is shared by those who start it for the same folder, at once or later', async () => {
    const messages: string[] = [];
    const [first, second] = await Promise.all([start(), start(messages)]);
    expect(first.pid).toBe(second.pid);
    expect([first.started, second.started].toSorted()).toEqual([false, true]);
    const third = await start(messages);
    expect(third.pid).toBe(first.pid);
    expect(messages.at(-1)).toContain('runs for this folder already');
  });

  it('is stopped by the last who uses it, whoever started it', async () => {
    const first = await start();
    const second = await start();
    await first.stop();
    const connection = await Connection.connect({ address: second.address });
    await connection.close();
    await second.stop();
    expect(await readRecord(workdir)).toBeNull();
    await gone(second.pid!);
  });

  it('is stopped by one who found it, where all others who used it are gone', async () => {
    const first = await start();
    const record = (await readRecord(workdir))!;
    await writeRecord(workdir, { ...record, users: [{ pid: 2 ** 22 + 1, started: null, id: 'killed' }] });
    await (await start()).stop();
    await gone(first.pid!);
  });

  it('is replaced after it was killed, with its history kept', async () => {
    const first = await start();
    const connection = await Connection.connect({ address: first.address });
    const client = new Client({ connection });
    await client.workflow.start('pipeline', { workflowId: 'kept', taskQueue: 'nobody' });
    await delay(500);
    process.kill(first.pid!, 'SIGKILL');
    await connection.close();
    await delay(300);
    const second = await start();
    expect(second.pid).not.toBe(first.pid);
    const again = await Connection.connect({ address: second.address });
    const { type } = await new Client({ connection: again }).workflow.getHandle('kept').describe();
    await again.close();
    expect(type).toBe('pipeline');
  });

  it('keeps its database in the workdir, whatever that is called', async () => {
    const name = `run#1 a?b%20c "ü"`;
    workdir = join(root, name);
    await start();
    expect(existsSync(join(workdir, '.foldwise', 'temporal.db'))).toBe(true);
    expect(readdirSync(root)).toEqual([name]);
  });

  it('leaves no record behind when it is stopped', async () => {
    const server = await start();
    expect(existsSync(recordPath(workdir))).toBe(true);
    await server.stop();
    expect(existsSync(recordPath(workdir))).toBe(false);
  });
});

/** A process that has ended keeps its number until its parent has taken note. */
async function gone(pid: number): Promise<void> {
  for (let looks = 0; looks < 100; looks++) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await delay(50);
  }
  expect.fail(`the process ${pid} is still there`);
}
