import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { S3ClientConfig } from '@aws-sdk/client-s3';

/** The little of an S3 server that small objects need, which knows no conditions but those that it is told. */
export class ForgetfulServer {
  private readonly objects = new Map<string, Buffer>();
  private readonly server: Server;

  private constructor(private readonly honoured: readonly string[]) {
    this.server = createServer((from, to) => void this.handle(from, to));
  }

  /** @param honoured headers that it does not ignore */
  static async start(honoured: readonly string[]): Promise<ForgetfulServer> {
    const started = new ForgetfulServer(honoured);
    await new Promise<void>((resolve) => started.server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get settings(): S3ClientConfig & { readonly endpoint: string } {
    const { port } = this.server.address() as AddressInfo;
    const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
    return { endpoint: `http://127.0.0.1:${port}`, region: 'any', credentials, forcePathStyle: true };
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async handle(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const body = await buffer(from);
    const key = (from.url ?? '').replace(/\?.*/, '');
    const present = this.objects.get(key);
    if (from.method === 'PUT') {
      const { 'if-none-match': none, 'if-match': match } = from.headers;
      const taken = this.honoured.includes('if-none-match') && none === '*' && present !== undefined;
      const other = this.honoured.includes('if-match') && match !== undefined && match !== tag(present);
      if (taken || other) return void to.writeHead(412).end();
      this.objects.set(key, body);
      to.setHeader('etag', tag(body)!);
    } else if (from.method === 'DELETE') {
      this.objects.delete(key);
      to.statusCode = 204;
    } else if (present === undefined) {
      to.statusCode = 404;
    } else {
      to.setHeader('etag', tag(present)!).setHeader('content-length', present.length);
    }
    to.end();
  }
}

function tag(bytes: Buffer | undefined): string | undefined {
  return bytes && `"${createHash('md5').update(bytes).digest('hex')}"`;
}
