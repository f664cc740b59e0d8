import { EnvironmentFault } from '../errors/fault.js';
import { Access, type AccessOptions } from './access.js';
import { Batcher } from './batcher.js';
import type { BatchingOptions, ServingLimits } from './limits.js';
import { Listener } from './listener.js';
import { ServingMetrics } from './metrics.js';
import { unavailable } from './refusal.js';
import { RequestHandler, type Engine, type RequestEntry } from './request-handler.js';
import type { Served } from './served.js';

export interface ServerOptions extends AccessOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly limits: ServingLimits;
  readonly batching: BatchingOptions;
  readonly onRequest?: (entry: RequestEntry) => void;
  /** Told what was not foreseen; it goes into the log alone. */
  readonly onFault?: (fault: unknown) => void;
}

/** An HTTP server for one ensemble. It listens before the models are there, and says that it is not ready. */
export class Server {
  /** Rejects once what scores is stuck or gone: the process is of no use any more. */
  readonly working: Promise<never>;
  private engine: Engine | undefined;
  private state: 'loading' | 'ready' | 'draining' | 'stuck' | 'failed' = 'loading';
  private fail: (fault: unknown) => void = () => undefined;
  private readonly metrics: ServingMetrics;
  private readonly handler: RequestHandler;
  private readonly listener: Listener;

  private constructor(private readonly options: ServerOptions) {
    const { limits, batching, onRequest = () => undefined, onFault = () => undefined } = options;
    this.working = new Promise((_, reject) => (this.fail = reject));
    this.working.catch(() => undefined);
    this.metrics = new ServingMetrics({
      waiting: () => this.engine?.batcher.waiting ?? 0,
      connections: () => this.listener.connections,
      ready: () => this.state === 'ready',
    });
    this.handler = new RequestHandler({
      limits,
      batching,
      access: new Access(options),
      metrics: this.metrics,
      engine: () => this.readyEngine(),
      onAnswered: onRequest,
      onFault,
    });
    this.listener = new Listener({
      limits,
      answer: (request, response) => void this.handler.handle(request, response),
      open: () => this.handler.open,
      keeps: () => this.state === 'ready',
      onUnreadable: (status) => this.metrics.requests.add(1, { endpoint: 'other', status: String(status) }),
    });
  }

  /** @throws the operating system's error where nothing can listen there */
  static async listen(options: ServerOptions): Promise<Server> {
    const server = new Server(options);
    await server.listener.listen(options.host, options.port);
    return server;
  }

  get url(): string {
    return this.listener.url;
  }

  /** From now on texts are scored. */
  serve({ scorer, about }: Served): void {
    const { limits, batching, onFault = () => undefined } = this.options;
    const { queuedTexts } = limits;
    const batcher = new Batcher(
      scorer,
      { ...batching, queuedTexts, labels: about.labels.length },
      {
        onBatch: (texts, seconds) => {
          this.metrics.batchTexts.observe(texts);
          this.metrics.batchSeconds.observe(seconds);
        },
        onFault: (fault) => {
          this.metrics.faults.add();
          onFault(fault);
        },
        onDropped: (texts) => this.metrics.dropped.add(texts),
        onStuck: () => this.break('stuck', this.stuckFault()),
        onLost: (fault) => this.break('failed', fault),
      },
    );
    this.engine = { about, batcher };
    if (this.state === 'loading') this.state = 'ready';
  }

  /**
   * Takes nothing new, answers what was asked, and ends.
   *
   * @param patienceMs for what was asked @returns how many requests were not answered in it
   */
  stop(patienceMs: number): Promise<number> {
    if (this.state !== 'stuck' && this.state !== 'failed') this.state = 'draining';
    return this.listener.stop(patienceMs);
  }

  private readyEngine(): Engine {
    if (this.engine !== undefined && this.state === 'ready') return this.engine;
    throw unavailable(
      {
        loading: 'the models are being loaded',
        draining: 'it is ending',
        stuck: 'the engine is stuck',
        failed: 'the engine has failed',
        ready: '',
      }[this.state],
    );
  }

  private break(state: 'stuck' | 'failed', fault: EnvironmentFault): void {
    this.state = state;
    this.fail(fault);
  }

  private stuckFault(): EnvironmentFault {
    return new EnvironmentFault({
      where: 'this server',
      what: 'the engine is stuck',
      found: `a batch of texts took more than ${this.options.batching.stuckMs / 1000} s`,
      remedy: 'Start it again; where it comes back, lower --batch-texts or --max-characters.',
    });
  }
}
