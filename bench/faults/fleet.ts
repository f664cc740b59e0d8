import { Client, Connection } from '@temporalio/client';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ServerProcess } from './server-process.js';
import type { Subject } from './subject.js';
import { WorkerProcess } from './worker-process.js';

/** One worker carries the workflow, two train a fold each at a time. */
const queues = ['main', 'gpu', 'gpu'];

/** Server and workers of one workdir, each a process of its own. */
export class Fleet {
  private constructor(
    readonly workdir: string,
    readonly server: ServerProcess,
    readonly workers: readonly WorkerProcess[],
    readonly client: Client,
  ) {}

  static async start(workdir: string, { roots }: Subject): Promise<Fleet> {
    mkdirSync(join(workdir, 'tmp'), { recursive: true });
    const server = await ServerProcess.start(workdir);
    const { address } = server;
    const workers = queues.map((queue) => new WorkerProcess(queue, { workdir, roots, address }));
    const client = new Client({ connection: await Connection.connect({ address }) });
    return new Fleet(workdir, server, workers, client);
  }

  get trainingWorkers(): readonly WorkerProcess[] {
    return this.workers.filter(({ queue }) => queue === 'gpu');
  }

  /** Ends everything in order. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
    await this.client.connection.close();
    await this.server.stop();
  }
}
