import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerOptions as HttpOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { rawAnswer } from './answer.js';
import type { ServingLimits } from './limits.js';
import { Refusal } from './refusal.js';

/** Of a request's head. */
const headBytes = 16 << 10;
/** How often connections are held against their deadlines. */
const checkMs = 1_000;
/** How often a server that ends looks whether all is answered. */
const drainCheckMs = 20;
/** What is left for the last answers to be written once all is answered. */
const lastWordsMs = 1_000;

/** How a server shows who it is, in PEM. */
export interface ServerCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface ListenerOptions {
  readonly limits: Pick<ServingLimits, 'connections' | 'headersMs' | 'requestMs' | 'keepAliveMs'>;
  /** Without one, plain HTTP is spoken. */
  readonly certificate?: ServerCertificate;
  /** Answers a request; it never throws. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** Requests that are to be answered before the end. */
  readonly open: () => number;
  /** Whether a connection may be kept for a next request. */
  readonly keeps: () => boolean;
  /** Told the status of what was no request at all. */
  readonly onUnreadable?: (status: number) => void;
}

/** The connections of an HTTP server: bounded in number and time, and ended in order. */
export class Listener {
  /** Open connections. */
  connections = 0;
  private readonly http: HttpServer;
  /** What a connection's latest request is answered by. */
  private readonly answering = new WeakMap<Duplex, ServerResponse>();

  constructor(private readonly options: ListenerOptions) {
    const { limits, certificate } = options;
    const times: HttpOptions = {
      maxHeaderSize: headBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: checkMs,
    };
    this.http =
      certificate === undefined
        ? createServer(times)
        : createTlsServer({ ...times, ...certificate, handshakeTimeout: limits.headersMs });
    this.take();
  }

  /** @throws the operating system's error where nothing can listen there */
  async listen(host: string, port: number): Promise<void> {
    this.http.listen(port, host);
    await once(this.http, 'listening');
  }

  get url(): string {
    const scheme = this.options.certificate === undefined ? 'http' : 'https';
    return urlOf(this.http.address() as AddressInfo, scheme);
  }

  /**
   * Takes no new connections, has answered what is open, and ends.
   *
   * @param patienceMs for what was asked @returns how many requests were not answered in it
   */
  async stop(patienceMs: number): Promise<number> {
    const { open } = this.options;
    const deadline = performance.now() + patienceMs;
    while (open() > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, drainCheckMs));
    const unanswered = open();
    const closed = once(this.http, 'close');
    this.http.close();
    if (unanswered > 0) this.http.closeAllConnections();
    else this.http.closeIdleConnections();
    const late = setTimeout(() => this.http.closeAllConnections(), lastWordsMs);
    await closed;
    clearTimeout(late);
    return unanswered;
  }

  private take(): void {
    const { http } = this;
    const { limits, answer, keeps } = this.options;
    http.maxConnections = limits.connections;
    http.on('connection', (socket) => {
      this.connections += 1;
      socket.once('close', () => (this.connections -= 1));
    });
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      if (!keeps()) response.shouldKeepAlive = false;
      this.answering.set(request.socket, response);
      answer(request, response);
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
      this.options.onUnreadable?.(refusal.status);
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
}

/** Where a server is asked that listens there. */
export function urlOf({ address, port, family }: AddressInfo, scheme: 'http' | 'https' = 'http'): string {
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

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
