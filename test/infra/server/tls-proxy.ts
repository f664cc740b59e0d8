import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import {
  connect,
  createSecureServer,
  type ClientHttp2Session,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** An authority with certificates of a server called `temporal.test` and of a client, and one that nobody knows. */
export class Certificates {
  readonly folder = mkdtempSync(join(tmpdir(), 'foldwise-tls-'));

  constructor() {
    for (const name of ['ca', 'other'])
      this.openssl(
        'req',
        '-x509',
        ...this.newKey(name),
        '-out',
        this.cert(name),
        '-days',
        '2',
        '-subj',
        `/CN=${name}`,
      );
    this.issue('server', 'temporal.test');
    this.issue('client', 'worker');
  }

  cert(name: string): string {
    return join(this.folder, `${name}.crt`);
  }

  key(name: string): string {
    return join(this.folder, `${name}.key`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private issue(name: string, host: string): void {
    const request = join(this.folder, `${name}.csr`);
    const extensions = join(this.folder, 'extensions');
    writeFileSync(extensions, `subjectAltName=DNS:${host}\nbasicConstraints=CA:FALSE\n`);
    this.openssl('req', '-new', ...this.newKey(name), '-out', request, '-subj', `/CN=${host}`);
    const authority = ['-CA', this.cert('ca'), '-CAkey', this.key('ca'), '-CAcreateserial'];
    this.openssl(
      'x509',
      '-req',
      '-in',
      request,
      ...authority,
      '-out',
      this.cert(name),
      '-days',
      '2',
      '-extfile',
      extensions,
    );
  }

  private newKey(name: string): string[] {
    return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', this.key(name)];
  }

  private openssl(...args: string[]): void {
    execFileSync('openssl', args, { stdio: 'ignore' });
  }
}

export interface ProxyOptions {
  /** Whether clients must show a certificate of the authority. */
  readonly mutual?: boolean;
  /** What a call must bear as its `authorization`. */
  readonly apiKey?: string;
}

/** Ends TLS before a server that speaks none, as a gateway of a company does, and hands every call through. */
export class TlsProxy {
  readonly authorizations = new Set<string>();
  private readonly sessions = new Set<ServerHttp2Session>();

  private constructor(
    private readonly server: Http2SecureServer,
    private readonly upstream: ClientHttp2Session,
    private readonly options: ProxyOptions,
  ) {
    server.on('session', (session) => {
      this.sessions.add(session);
      session.on('close', () => this.sessions.delete(session)).on('error', () => undefined);
    });
    server.on('stream', (stream, headers) => this.hand(stream, headers));
  }

  static async listen(target: string, certificates: Certificates, options: ProxyOptions): Promise<TlsProxy> {
    const server = createSecureServer({
      key: readFileSync(certificates.key('server')),
      cert: readFileSync(certificates.cert('server')),
      ca: readFileSync(certificates.cert('ca')),
      requestCert: options.mutual === true,
      rejectUnauthorized: options.mutual === true,
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TlsProxy(server, connect(`http://${target}`), options);
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.upstream.destroy();
    for (const session of this.sessions) session.destroy();
    this.server.close();
    await once(this.server, 'close').catch(() => undefined);
  }

  private hand(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => undefined);
    const { authorization = '' } = headers;
    this.authorizations.add(authorization);
    const { apiKey } = this.options;
    if (apiKey !== undefined && authorization !== `Bearer ${apiKey}`) {
      const status = { 'grpc-status': '16', 'grpc-message': 'no key' };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true });
      return;
    }
    const call = this.upstream.request(headers);
    let trailers: IncomingHttpHeaders = {};
    call.on('error', () => stream.destroy());
    call.on('trailers', (found: IncomingHttpHeaders) => (trailers = found));
    call.on('response', (answer, flags) => {
      if (stream.destroyed) return;
      const endStream = (flags & 1) !== 0;
      stream.respond(answer, { endStream, waitForTrailers: !endStream });
      if (!endStream) call.pipe(stream);
    });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('close', () => call.close());
    stream.pipe(call);
  }
}
