import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from './refusal.js';

/** How long, and of how many bytes, the rest of a request that was refused is thrown away before the end. */
const linger = { milliseconds: 1_000, bytes: 8 << 20 };

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function json(value: unknown, status = 200): Answer {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` };
}

/** A refusal in our words: where, what, expected, found, remedy. */
export function refusalAnswer(
  { status, details, headers }: Refusal,
  body: object = { error: details },
): Answer {
  return { ...json(body, status), headers };
}

/**
 * Writes an answer. Where the request has not been read to its end the connection ends with it: after a while in
 * which the rest is thrown away, since a client whose data nobody takes is told of a reset and not of the answer.
 */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  const { status, type, body, headers = {} } = answer;
  // What took too long to come has been told so already.
  if (response.destroyed || response.headersSent || request.socket.writableEnded) return;
  const whole = request.complete || !hasBody(request);
  const bytes = Buffer.byteLength(body);
  response.writeHead(status, {
    ...headers,
    'Content-Type': type,
    'Content-Length': bytes,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(whole ? {} : { Connection: 'close' }),
  });
  if (!whole && request.method !== 'HEAD') {
    response.write(body);
    await discard(request);
    response.end();
  } else response.end(request.method === 'HEAD' ? undefined : body);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function discard(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    const done = (): void => {
      clearTimeout(timer);
      request.off('data', take).pause();
      resolve();
    };
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > linger.bytes) done();
    };
    const timer = setTimeout(done, linger.milliseconds);
    request.on('data', take).once('end', done).once('close', done).once('error', done).resume();
  });
}

/** An answer to what could not be read as a request at all. */
export function rawAnswer(socket: Duplex, refusal: Refusal): void {
  const { body, type } = refusalAnswer(refusal);
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
    'Connection: close',
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
