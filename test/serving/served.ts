import { request as send, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import type { Scored } from '../../ensemble/joined.js';
import type { Scorer } from '../../serving/batcher.js';
import {
  defaultBatching,
  defaultLimits,
  type BatchingOptions,
  type ServingLimits,
} from '../../serving/limits.js';
import type { About } from '../../serving/served.js';
import { Server, type ServerOptions } from '../../serving/server.js';

export const about: About = {
  run: 'run-1',
  pipeline: 'moods',
  task: 'multi-label',
  labels: ['joy', 'fear', 'anger'],
  thresholds: [0.5, 0.5, 0.5],
  models: 2,
  precision: 'int8',
  device: 'cpu',
  maxLength: 128,
  version: '0.0.0',
};

/** Probabilities that are a function of the text alone, each text's others. */
export function probabilitiesOf(text: string): number[] {
  let hash = 2166136261;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 16777619) >>> 0;
  return about.labels.map((_, i) => Math.fround(((hash >>> (i * 8)) % 1000) / 1000));
}

export function scoredOf(texts: readonly string[]): Scored {
  const probabilities = Float32Array.from(texts.flatMap(probabilitiesOf));
  return { probabilities, decisions: Uint8Array.from(probabilities, (p) => Number(p >= 0.5)) };
}

/** Scores at once, and remembers its batches. */
export class PlainScorer implements Scorer {
  readonly batches: string[][] = [];
  /** What a batch waits for. */
  before: (texts: readonly string[]) => Promise<void> = () => Promise.resolve();

  async score(texts: readonly string[]): Promise<Scored> {
    this.batches.push([...texts]);
    await this.before(texts);
    return scoredOf(texts);
  }
}

interface Changes extends Partial<Omit<ServerOptions, 'limits' | 'batching'>> {
  readonly limits?: Partial<ServingLimits>;
  readonly batching?: Partial<BatchingOptions>;
  readonly scorer?: Scorer;
}

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(0);
});

/** A server on a free port, which ends with the test. */
export async function listen({ scorer, limits, batching, ...changes }: Changes = {}): Promise<Server> {
  const server = await Server.listen({
    host: '127.0.0.1',
    port: 0,
    limits: { ...defaultLimits, ...limits },
    batching: { ...defaultBatching, maxWaitMs: 1, ...batching },
    ...changes,
  });
  servers.push(server);
  server.serve({ scorer: scorer ?? new PlainScorer(), about });
  return server;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: unknown;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** One request by a connection of its own. */
export function ask(
  server: Server,
  path: string,
  { method, headers = {}, body }: Asked = {},
): Promise<Reply> {
  const verb = method ?? (body === undefined ? 'GET' : 'POST');
  const typed = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const request = send({
      ...{ hostname, port, path },
      method: verb,
      agent: false,
      headers: { ...typed, ...headers },
    });
    request.once('error', reject).once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => (text += more));
      response.once('error', reject).once('end', () => {
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          parsed = undefined;
        }
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed });
      });
    });
    request.end(body);
  });
}

export const predict = (server: Server, body: unknown, path = '/v1/predict'): Promise<Reply> =>
  ask(server, path, { body: JSON.stringify(body) });

/** What the server says of texts, as its answer has it. */
export function answerTo(texts: readonly string[]): object {
  return {
    ensemble: { run: 'run-1', pipeline: 'moods' },
    predictions: texts.map((text) => {
      const probabilities = probabilitiesOf(text);
      return {
        probabilities: Object.fromEntries(
          about.labels.map((label, i) => [label, expect32(probabilities[i] ?? NaN)]),
        ),
        labels: about.labels.filter((_, i) => (probabilities[i] ?? 0) >= 0.5),
      };
    }),
  };
}

const expect32 = (value: number): number => Number(value.toPrecision(9));

/** A connection for what no client of HTTP would send. */
export class Raw {
  text = '';
  readonly closed: Promise<void>;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (more: string) => (this.text += more));
    socket.on('error', () => undefined).once('end', () => socket.end());
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  static open(server: Server): Promise<Raw> {
    const { hostname, port } = new URL(server.url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
      socket.once('error', reject).once('connect', () => resolve(new Raw(socket)));
    });
  }

  write(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** The statuses that have come. */
  get statuses(): number[] {
    return [...this.text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
  }

  async until(done: (raw: Raw) => boolean, patienceMs = 20_000): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (!done(this)) {
      if (performance.now() > deadline) throw new Error(`nothing more came than: ${this.text.slice(0, 500)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

export function post(body: string | Buffer, more: readonly string[] = []): string {
  const head = [
    'POST /v1/predict HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...more,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body.toString()}`;
}
