import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3ClientConfig } from '@aws-sdk/client-s3';

/** What becomes of one request. */
export type Fate =
  | 'passed'
  /** The server never hears of it. */
  | 'cut'
  /** The server does what is asked, and its answer is lost. */
  | 'unanswered'
  /** Nothing comes back, and the connection stays. */
  | 'stalled'
  /** Half of the answer comes back. */
  | 'torn'
  | { readonly status: number; readonly code: string };

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

/** Stands before an S3 server and decides what becomes of each request. */
export class Gate {
  readonly asked: Asked[] = [];
  fate: (asked: Asked, place: number) => Fate = () => 'passed';
  private readonly server: Server;

  private constructor(private readonly port: number) {
    this.server = createServer((from, to) => this.handle(from, to));
  }

  static async before(port: number): Promise<Gate> {
    const gate = new Gate(port);
    await new Promise<void>((resolve) => gate.server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  /** Settings of a client of the server, through the gate. */
  through(settings: S3ClientConfig): S3ClientConfig {
    const { port } = this.server.address() as AddressInfo;
    return { ...settings, endpoint: `http://127.0.0.1:${port}` };
  }

  /** How often something was asked. */
  count(method: string, path: RegExp): number {
    return this.asked.filter((each) => each.method === method && path.test(each.path)).length;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private handle(from: IncomingMessage, to: ServerResponse): void {
    const { method = 'GET', url: path = '/', headers } = from;
    const asked = { method, path, headers };
    const fate = this.fate(asked, this.asked.push(asked) - 1);
    from.on('error', () => undefined);
    if (fate === 'stalled') return void from.resume();
    if (fate === 'cut') return void from.socket.destroy();
    if (typeof fate === 'object') {
      from.resume();
      from.on('end', () => {
        to.writeHead(fate.status, { 'content-type': 'application/xml' });
        to.end(`<?xml version="1.0"?><Error><Code>${fate.code}</Code><Message>made up</Message></Error>`);
      });
      return;
    }
    // The signature covers the host that the client asked.
    const onwards = request(
      { host: '127.0.0.1', port: this.port, method, path, headers, setHost: false },
      (answer) => {
        if (fate === 'unanswered') return void answer.resume().on('end', () => to.destroy());
        to.writeHead(answer.statusCode ?? 500, answer.headers);
        if (fate === 'torn') {
          answer.once('data', (bytes: Buffer) => {
            to.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => to.destroy());
            answer.destroy();
          });
          return;
        }
        answer.on('error', () => to.destroy());
        answer.pipe(to);
      },
    );
    onwards.on('error', () => to.destroy());
    to.on('close', () => onwards.destroy());
    from.pipe(onwards);
  }
}
