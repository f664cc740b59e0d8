import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentFault } from '../../errors/fault.js';
import type { RunningServer } from '../../infra/server/start.js';
import { startOwnServer } from '../own-server.js';

/** How long a supervisor waits before it starts the server again. */
const restartMs = 500;

/** The dev server of a workdir, which can be killed and comes back on the same file and ports. */
export class ServerProcess {
  private constructor(
    private readonly workdir: string,
    private server: RunningServer,
  ) {}

  static async start(workdir: string): Promise<ServerProcess> {
    const server = await startOwnServer({ workdir });
    if (server.pid !== null) return new ServerProcess(workdir, server);
    throw new EnvironmentFault({
      where: server.address,
      what: 'a configured server is not to be killed',
      remedy: 'Run this without TEMPORAL_ADDRESS and without a Temporal profile.',
    });
  }

  get address(): string {
    return this.server.address;
  }

  kill(): void {
    process.kill(this.server.pid!, 'SIGKILL');
  }

  /** Starts the killed server again. */
  async restart(): Promise<void> {
    await delay(restartMs);
    this.server = await startOwnServer({
      workdir: this.workdir,
      port: portOf(`tcp://${this.server.address}`),
      uiPort: portOf(this.server.uiUrl ?? ''),
    });
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
