import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { EnvironmentFault } from '../errors/fault.js';
import { Access, type AccessOptions } from './access.js';
import { rawAnswer } from './answer.js';
import { Batcher } from './batcher.js';
import type { BatchingOptions, ServingLimits } from './limits.js';
import { ServingMetrics } from './metrics.js';
import { urlOf } from './probes.js';
import { Refusal, unavailable } from './refusal.js';
import { RequestHandler, type Engine, type RequestEntry } from './request-handler.js';
import type { Served } from './served.js';

/** Of a request's head. */
const headBytes = 16 << 10;
/** How often connections are held against their deadlines. */
const checkMs = 1_000;
/** How often a server that ends looks whether all is answered. */
const drainCheckMs = 20;

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
  /** Rejects once what scores is stuck: the process is of no use any more. */
  readonly working: Promise<never>;
  private engine: Engine | undefined;
  private state: 'loading' | 'ready' | 'draining' | 'stuck' = 'loading';
  private fail: (fault: unknown) => void = () => undefined;
  private readonly metrics: ServingMetrics;
  private readonly handler: RequestHandler;
  private readonly http: HttpServer;
  /** Open connections. */
  private connections = 0;
  /** What a connection's latest request is answered by. */
  private readonly answering = new WeakMap<Duplex, ServerResponse>();

  private constructor(private readonly options: ServerOptions) {
    const { limits, batching, onRequest = () => undefined, onFault = () => undefined } = options;
    this.working = new Promise((_, reject) => (this.fail = reject));
    this.working.catch(() => undefined);
    this.http = createServer({
      maxHeaderSize: headBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: checkMs,
    });
    this.metrics = new ServingMetrics({
      waiting: () => this.engine?.batcher.waiting ?? 0,
      connections: () => this.connections,
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
    this.listenTo();
  }

  /** @throws the operating system's error where nothing can listen there */
  static async listen(options: ServerOptions): Promise<Server> {
    const server = new Server(options);
    server.http.listen(options.port, options.host);
    await once(server.http, 'listening');
    return server;
  }

  get url(): string {
    return urlOf(this.http.address() as AddressInfo);
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
        onStuck: () => this.stuck(),
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
  async stop(patienceMs: number): Promise<number> {
    if (this.state !== 'stuck') this.state = 'draining';
    const deadline = performance.now() + patienceMs;
    while (this.handler.open > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, drainCheckMs));
    const unanswered = this.handler.open;
    const closed = once(this.http, 'close');
    this.http.close();
    if (unanswered > 0) this.http.closeAllConnections();
    else this.http.closeIdleConnections();
    const late = setTimeout(() => this.http.closeAllConnections(), lastWordsMs);
    await closed;
    clearTimeout(late);
    return unanswered;
  }

  private listenTo(): void {
    const { http, handler, options } = this;
    http.maxConnections = options.limits.connections;
    http.on('connection', (socket) => {
      this.connections += 1;
      socket.once('close', () => (this.connections -= 1));
    });
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      if (this.state !== 'ready') response.shouldKeepAlive = false;
      this.answering.set(request.socket, response);
      void handler.handle(request, response);
    };
    http.on('request', take).on('checkContinue', take);
    http.on('clientError', (error: NodeJS.ErrnoException, socket) => this.refuseUnreadable(error, socket));
  }

  /** Answers what is no request, or has not become one in time; after the answers to what came before it. */
  private refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
    const before = this.answering.get(socket);
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const refuse = (): void => {
      const refusal = meaningOf(error);
      this.metrics.requests.add(1, { endpoint: 'other', status: String(refusal.status) });
      rawAnswer(socket, refusal);
      // Nobody reads what else comes.
      socket.resume();
      setTimeout(() => socket.destroy(), lastWordsMs).unref();
    };
    if (before === undefined || before.writableFinished) refuse();
    else if (before.req.complete) before.once('finish', refuse);
    else if (before.headersSent) socket.destroy();
    else refuse();
  }

  private readyEngine(): Engine {
    if (this.engine !== undefined && this.state === 'ready') return this.engine;
    throw unavailable(
      {
        loading: 'the models are being loaded',
        draining: 'it is ending',
        stuck: 'the engine is stuck',
        ready: '',
      }[this.state],
    );
  }

  private stuck(): void {
    this.state = 'stuck';
    this.fail(
      new EnvironmentFault({
        where: 'this server',
        what: 'the engine is stuck',
        found: `a batch of texts took more than ${this.options.batching.stuckMs / 1000} s`,
        remedy: 'Start it again; where it comes back, lower --batch-texts or --max-characters.',
      }),
    );
  }
}

/** What is left for the last answers to be written once all is answered. */
const lastWordsMs = 1_000;

function meaningOf({ code }: NodeJS.ErrnoException): Refusal {
  const where = 'the request';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Refusal(408, { where, what: 'it did not come in time', remedy: 'Send it at once.' });
  if (code === 'HPE_HEADER_OVERFLOW')
    return new Refusal(431, { where, what: 'its head is too large', expected: `at most ${headBytes} bytes` });
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new Refusal(413, { where, what: 'its chunks have too many extensions' });
  return new Refusal(400, { where, what: 'it is not HTTP/1.1' });
}
