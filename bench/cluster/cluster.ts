import type { Client } from '@temporalio/client';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { namespace } from '../../infra/server/probe.js';
import { notedStore, reinstateMark } from '../../worker/store-proof.js';
import type { Dice } from '../dice.js';
import { Clock } from './clock.js';
import { Gate } from './gate.js';
import { Host, operatorFolder, sharedFolder, type Program } from './host.js';
import { hubAddress, Network } from './network.js';
import { ObjectServer } from './object-server.js';
import type { Parts } from './parts.js';
import { Postgres } from './postgres.js';
import { Temporal } from './temporal.js';

/** Where artifacts are: in a folder that all workers mount, or behind S3, and no worker shares a disk. */
export type StoreKind = 'folder' | 's3';

export interface ClusterOptions {
  readonly folder: string;
  readonly parts: Parts;
  readonly store: StoreKind;
  /** Folders, the same on every host, that workers read. */
  readonly roots: readonly string[];
  readonly dice: Dice;
}

/** A worker on a host of its own. */
export class WorkerHost {
  constructor(
    readonly host: Host,
    readonly clock: Clock | null,
    private readonly options: {
      readonly queue: string;
      readonly program: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
    },
  ) {}

  get queue(): string {
    return this.options.queue;
  }

  /** What it runs: the built command line, as in an image. */
  readonly program = (): Program => ({
    command: [...this.options.program, '--queue', this.queue],
    environment: { ...this.options.environment, ...this.clock?.environment },
  });
}

const commandLine = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

const foldHosts = ['fold1', 'fold2', 'fold3'];

/** Every part of a deployment on a host of its own. */
export class Cluster {
  private constructor(
    readonly options: ClusterOptions,
    readonly network: Network,
    private readonly hosts: readonly Host[],
    readonly postgres: Postgres,
    readonly temporal: Temporal,
    readonly objects: ObjectServer,
    readonly gate: Gate,
    readonly workers: readonly WorkerHost[],
    readonly client: Client,
  ) {}

  static async start(options: ClusterOptions): Promise<Cluster> {
    const { folder, parts, dice } = options;
    const network = Network.open();
    const settingsFolder = join(folder, 'settings');
    mkdirSync(settingsFolder, { recursive: true });
    const hosts: Host[] = [];
    const host = (name: string, shared?: string): Host => {
      const added = new Host(name, { network, folder, ...(shared === undefined ? {} : { shared }) });
      hosts.push(added);
      return added;
    };
    const database = host('database');
    const postgres = new Postgres(database, parts.postgres);
    await postgres.start();
    const temporal = new Temporal(host('temporal'), { database, programs: parts.temporal, settingsFolder });
    const objects = new ObjectServer(host('objects'), parts.objectServer);
    const gate = await Gate.open(hubAddress, objects.target, dice);
    await Promise.all([temporal.start(), objects.start()]);
    // As an operator's commands are told, so that this process finds what was made.
    if (options.store === 's3') Object.assign(process.env, ObjectServer.environment(objects.url));
    const environment = {
      TEMPORAL_ADDRESS: temporal.address,
      ...(options.store === 's3' ? ObjectServer.environment(gate.url) : {}),
    };
    const shared = options.store === 'folder' ? sharedFolder(folder) : undefined;
    if (shared !== undefined) mkdirSync(shared, { recursive: true });
    const workers = ['main', ...foldHosts].map((name) => {
      const clock = parts.faketime === null ? null : new Clock(settingsFolder, name, parts.faketime);
      const own = host(name, shared);
      const program = [
        process.execPath,
        commandLine,
        'worker',
        '--workdir',
        own.disk,
        '--slots',
        '1',
        '--threads',
        '1',
        '--log-format',
        'json',
        '--root',
        own.disk,
        ...options.roots,
      ];
      const queue = name === 'main' ? 'main' : 'gpu';
      return new WorkerHost(own, clock, { queue, program, environment });
    });
    for (const worker of workers) worker.host.start(worker.program);
    return new Cluster(
      options,
      network,
      hosts,
      postgres,
      temporal,
      objects,
      gate,
      workers,
      await temporal.connect(),
    );
  }

  /** As an operator does with `foldwise store reinstate`. */
  async reinstateStore(): Promise<void> {
    const { connection } = this.client;
    const link = { connection, namespace };
    const noted = await notedStore(link);
    if (noted === null) throw new Error('the namespace notes no store');
    await reinstateMark(link, operatorFolder(this.options.folder), noted.mark);
  }

  /** How many train, and the names of all on which a worker is. */
  get workerHosts(): { readonly training: number; readonly workers: readonly string[] } {
    return { training: foldHosts.length, workers: this.workers.map(({ host }) => host.name) };
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await this.client.connection.close();
    await Promise.all(this.hosts.map((host) => host.kill()));
    this.gate.close();
  }
}
