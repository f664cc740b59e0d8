import { EnvironmentFault } from '../../errors/fault.js';
import { processState } from '../../store/process-identity.js';
import { rotate } from '../log-file.js';
import { touch } from './lock.js';
import { serverLogPath } from './process.js';
import { recordPath } from './record.js';
import { startServer, type RunningServer, type StartOptions } from './start.js';

const lookMs = 1_000;
const refreshMs = 10_000;

/** A server that ends more often than this within `troubledMs` is not started again. */
const mostDeaths = 3;
const troubledMs = 5 * 60_000;

/**
 * Looks after the server of a workdir for as long as this process uses it: one that has died is started
 * again at its address, where workers and clients look for it by themselves. A configured server is left
 * to whoever runs it.
 */
export class ServerKeeper {
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly deaths: number[] = [];
  private readonly resting = new AbortController();
  private restarting: Promise<void> | undefined;
  private refreshed = performance.now();
  private fail: (error: unknown) => void = () => undefined;

  /** Rejects once the server is gone for good; never resolves. */
  readonly failed: Promise<never>;

  constructor(
    private server: RunningServer,
    private readonly options: StartOptions,
  ) {
    this.failed = new Promise((_, reject) => (this.fail = reject));
    // Whoever waits for it hears of it; until then it must not end the process.
    this.failed.catch(() => undefined);
    if (server.process !== null) this.timer = setInterval(() => this.look(), lookMs);
  }

  /** The server as it is now: after its death it has another process. */
  get current(): RunningServer {
    return this.server;
  }

  /** Whether the server is known to be gone. One that is configured is not watched. */
  get isAway(): boolean {
    return this.server.process !== null && processState(this.server.process) === 'gone';
  }

  /** From now on a server that dies stays so. */
  rest(): void {
    this.resting.abort();
    clearInterval(this.timer);
  }

  /** Leaves the server; the last of its users ends it. */
  async stop(): Promise<void> {
    this.rest();
    await this.restarting;
    await this.server.stop();
  }

  private look(): void {
    if (this.restarting !== undefined) return;
    if (this.isAway) {
      this.restarting = this.restart().finally(() => (this.restarting = undefined));
    } else if (performance.now() - this.refreshed > refreshMs) {
      this.refreshed = performance.now();
      rotate(serverLogPath(this.options.workdir));
      void touch(recordPath(this.options.workdir));
    }
  }

  private async restart(): Promise<void> {
    const { onMessage } = this.options;
    const now = performance.now();
    this.deaths.push(now);
    const recent = this.deaths.filter((at) => at > now - troubledMs).length;
    if (recent > mostDeaths) return this.giveUp(recent);
    onMessage(`The Temporal server (process ${this.server.pid}) has ended: it is started again.`);
    try {
      const { signal } = this.resting;
      this.server = await startServer({ ...this.options, ...portsOf(this.server), signal });
    } catch (error) {
      if (!this.resting.signal.aborted) onMessage(error instanceof Error ? error.message : String(error));
    }
  }

  private giveUp(deaths: number): void {
    const { workdir } = this.options;
    clearInterval(this.timer);
    this.fail(
      new EnvironmentFault({
        where: `the Temporal server of ${workdir}`,
        what: `it ended ${deaths} times within ${troubledMs / 60_000} minutes`,
        remedy: `What it said is in ${serverLogPath(workdir)}. The same command goes on from here.`,
      }),
    );
  }
}

/** Workers and clients look for it where it was. */
function portsOf({ address, uiUrl }: RunningServer): { port: number; uiPort?: number } {
  const port = Number(new URL(`tcp://${address}`).port);
  return uiUrl === null ? { port } : { port, uiPort: Number(new URL(uiUrl).port) };
}
