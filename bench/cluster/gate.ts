import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Dice } from '../dice.js';

/** What S3 answers where it is overloaded or broken. */
const answers = [
  { status: 503, code: 'SlowDown' },
  { status: 500, code: 'InternalError' },
] as const;

/** Of the requests, while it fails. */
const failing = 0.6;

/** An object that was written. */
export interface Written {
  /** Of its URL: bucket and name. */
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Stands before an S3 server and, when told to, answers with errors or hangs up in its place. */
export class Gate {
  /** While true. */
  fails = false;
  /** Errors that it has given. */
  errors = 0;
  /** What was written through it, each time that the server said so. */
  readonly written: Written[] = [];

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
    private readonly dice: Dice,
  ) {
    server.on('request', (from: IncomingMessage, to: ServerResponse) => this.pass(from, to));
  }

  static async open(address: string, target: { host: string; port: number }, dice: Dice): Promise<Gate> {
    const server = createServer({ keepAliveTimeout: 5_000 });
    server.listen(0, address);
    await once(server, 'listening');
    return new Gate(server, target, dice);
  }

  get url(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private pass(from: IncomingMessage, to: ServerResponse): void {
    if (this.fails && this.dice.between(0, 1) < failing) return this.fail(from, to);
    // The headers as they are: they are signed.
    const { method, url: path, headers } = from;
    const onwards = request({ ...this.target, method, path, headers }, (answer) => {
      if (method === 'PUT' && answer.statusCode === 200 && path !== undefined)
        this.written.push({ path: path.split('?')[0] ?? path, at: Date.now() });
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
      answer.once('error', () => to.destroy());
    });
    onwards.once('error', () => to.destroy());
    onwards.once('continue', () => to.writeContinue());
    to.once('close', () => onwards.destroy());
    from.pipe(onwards);
  }

  private fail(from: IncomingMessage, to: ServerResponse): void {
    this.errors++;
    const answer = this.dice.one([...answers, null]);
    if (answer == null) return void from.socket.destroy();
    from.resume();
    const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${answer.code}</Code><Message>as it was told to</Message></Error>`;
    to.writeHead(answer.status, { 'content-type': 'application/xml', connection: 'close' });
    to.end(body);
  }
}
