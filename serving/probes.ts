import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expositionType } from '../telemetry/instruments.js';
import { json, refusalAnswer, send, type Answer } from './answer.js';
import { urlOf } from './listener.js';
import { Refusal, unavailable } from './refusal.js';

/** What those who look after a process may ask it. */
export interface Probed {
  /** Why nothing should be expected of it now; null where it works. */
  readonly unready: () => string | null;
  /** Its metrics, in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
}

export interface ProbeAddress {
  /** An IP address of this machine. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** A handful of those who ask is all there is; what does not fit or dawdles is cut off. */
const most = { connections: 32, headBytes: 8 << 10, requestMs: 5_000, keepAliveMs: 10_000 };

const paths = ['/healthz', '/readyz', '/metrics'];

/** Answers probes and scrapes over HTTP: `/healthz` while the process lives, `/readyz`, and `/metrics`. */
export class ProbeServer {
  private constructor(private readonly http: Server) {}

  /** @throws the operating system's error where nothing can listen there */
  static async listen({ host, port }: ProbeAddress, probed: Probed): Promise<ProbeServer> {
    const http = createServer({
      maxHeaderSize: most.headBytes,
      headersTimeout: most.requestMs,
      requestTimeout: most.requestMs,
      keepAliveTimeout: most.keepAliveMs,
      connectionsCheckingInterval: 1_000,
    });
    http.maxConnections = most.connections;
    http.on('request', (request, response) => void handle(probed, request, response));
    http.listen(port, host);
    await once(http, 'listening');
    // It keeps no process that is done.
    http.unref();
    return new ProbeServer(http);
  }

  get url(): string {
    return urlOf(this.http.address() as AddressInfo);
  }

  async close(): Promise<void> {
    const closed = once(this.http, 'close');
    this.http.close();
    this.http.closeAllConnections();
    await closed;
  }
}

async function handle(probed: Probed, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.on('error', () => undefined);
  try {
    await send(request, response, await answerOf(probed, request));
  } catch {
    response.destroy();
  }
}

async function answerOf(probed: Probed, { method = '', url = '/' }: IncomingMessage): Promise<Answer> {
  const [path = '/'] = url.split('?');
  if (!paths.includes(path)) {
    const what = 'there is nothing here';
    return refusalAnswer(new Refusal(404, { where: 'the path', what, expected: paths.join(', ') }));
  }
  if (method !== 'GET' && method !== 'HEAD') {
    const details = { where: 'the method', what: 'it is another one', expected: 'GET, HEAD' };
    return refusalAnswer(new Refusal(405, details, { headers: { Allow: 'GET, HEAD' } }));
  }
  if (path === '/metrics') return { status: 200, type: expositionType, body: await probed.metrics() };
  const unready = path === '/readyz' ? probed.unready() : null;
  if (unready !== null) return refusalAnswer(unavailable(unready));
  return json({ status: path === '/readyz' ? 'ready' : 'alive' });
}
