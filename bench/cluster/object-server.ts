import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Host, Program } from './host.js';

const port = 7070;
const bucket = 'foldwise';
const credentials = { key: 'cluster', secret: 'not-a-secret' };

/** An S3 server on a host's disk. */
export class ObjectServer {
  readonly target: { readonly host: string; readonly port: number };

  constructor(
    private readonly host: Host,
    private readonly program: string,
  ) {
    this.target = { host: host.address, port };
  }

  get url(): string {
    return `http://${this.target.host}:${this.target.port}`;
  }

  async start(): Promise<void> {
    this.host.start(() => this.server());
    await this.listening();
  }

  /** @param emptied comes back with its bucket, and nothing in it */
  async restart(downMs: number, emptied: boolean): Promise<void> {
    await this.host.crash();
    await delay(downMs);
    this.host.reboot(() => this.server(), emptied);
    await this.listening();
  }

  /** What a worker is told, to reach it through `url`. */
  static environment(url: string): Readonly<Record<string, string>> {
    return {
      FOLDWISE_STORE: `s3://${bucket}/campaign`,
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: credentials.key,
      AWS_SECRET_ACCESS_KEY: credentials.secret,
    };
  }

  private server(): Program {
    // Its buckets are the folders there.
    const make = 'mkdir -p "$1" && shift && exec "$@"';
    const data = join(this.host.disk, 'objects');
    const serve = [this.program, '--port', `${this.host.address}:${port}`, 'posix', data];
    return {
      command: ['sh', '-c', make, 'sh', join(data, bucket), ...serve],
      environment: { ROOT_ACCESS_KEY: credentials.key, ROOT_SECRET_KEY: credentials.secret },
    };
  }

  private async listening(): Promise<void> {
    for (let attempt = 0; attempt < 300; attempt++) {
      if (await listens(this.target)) return;
      await delay(100);
    }
    throw new Error(`the S3 server does not listen: see ${this.host.logPath}`);
  }
}

function listens({ host, port }: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const end = (found: boolean): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
