import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentFault } from '../../errors/fault.js';
import { childEnvironment } from '../../infra/child-environment.js';
import { freePort } from '../../infra/server/probe.js';
import { connectS3 } from '../../store/s3/client.js';
import { endOnLeaving } from '../leaving.js';
import { obtainExecutable, type ProgramName } from './executables.js';

const readyMs = 30_000;
const pollMs = 50;

/** Made up, for servers that live as long as a test. */
const keys = { accessKeyId: 'foldwise-test', secretAccessKey: 'not-a-secret-of-anybody' };

/** An S3 server of this machine, which can be killed and comes back on the same port and folder. */
export class S3Server {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly program: ProgramName,
    private readonly executable: string,
    private readonly folder: string,
    readonly port: number,
    private readonly host: string,
  ) {}

  /**
   * @param folder where it keeps its objects; moto keeps them in memory
   * @throws EnvironmentFault where the server cannot be had here
   */
  static async start(
    program: ProgramName,
    folder: string,
    options: { readonly host?: string; readonly onMessage?: (message: string) => void } = {},
  ): Promise<S3Server> {
    const executable = await obtainExecutable(program, options.onMessage ?? (() => undefined));
    const host = options.host ?? '127.0.0.1';
    const server = new S3Server(program, executable, folder, await freePort(), host);
    await server.restart();
    return server;
  }

  get endpoint(): string {
    return `http://${this.host}:${this.port}`;
  }

  /** What a client of it is told. */
  get settings(): S3ClientConfig {
    return { endpoint: this.endpoint, region: 'us-east-1', credentials: keys, forcePathStyle: true };
  }

  /** The same for other processes. */
  get environment(): Readonly<Record<string, string>> {
    return {
      AWS_ENDPOINT_URL_S3: this.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    };
  }

  async makeBucket(name: string): Promise<void> {
    const { sdk, client } = await connectS3(`s3://${name}`, this.settings);
    await client.send(new sdk.CreateBucketCommand({ Bucket: name }));
    client.destroy();
  }

  /** Starts it, again where it was killed, and waits until it answers. */
  async restart(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const child = spawn(this.executable, this.argumentsFor(), {
      env: {
        ...childEnvironment(),
        ROOT_ACCESS_KEY: keys.accessKeyId,
        ROOT_SECRET_KEY: keys.secretAccessKey,
      },
      stdio: 'ignore',
    });
    this.child = child;
    endOnLeaving(child);
    const failed = once(child, 'error');
    failed.catch(() => undefined);
    const deadline = performance.now() + readyMs;
    while (!(await this.answers())) {
      if (performance.now() > deadline || child.exitCode !== null || child.signalCode !== null) {
        child.kill('SIGKILL');
        throw new EnvironmentFault({ where: this.executable, what: 'the S3 server does not answer' });
      }
      await delay(pollMs);
    }
  }

  /** Ends it at once, as a power cut would. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  private argumentsFor(): string[] {
    return this.program === 'moto'
      ? ['-H', this.host, '-p', String(this.port)]
      : ['--port', `${this.host}:${this.port}`, '--quiet', 'posix', this.folder];
  }

  private async answers(): Promise<boolean> {
    try {
      await fetch(this.endpoint, { signal: AbortSignal.timeout(1_000) });
      return true;
    } catch {
      return false;
    }
  }
}
