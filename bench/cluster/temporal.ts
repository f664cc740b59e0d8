import { Client, Connection } from '@temporalio/client';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { EnvironmentFault } from '../../errors/fault.js';
import { answers, namespace } from '../../infra/server/probe.js';
import type { GoModule } from '../../infra/go-module.js';
import { searchAttributeTypes } from '../../workflows/search-attribute-names.js';
import type { Host, Program } from './host.js';
import { retried } from './retried.js';
import { databaseUser, postgresPort } from './postgres.js';

/** Temporal's server as it runs in production, and the tool that makes its tables. */
export const temporalServer: GoModule = {
  name: 'temporal-server',
  package: 'go.temporal.io/server/cmd/server',
  version: '1.32.1',
};
export const temporalSqlTool: GoModule = {
  name: 'temporal-sql-tool',
  package: 'go.temporal.io/server/cmd/tools/sql',
  version: '1.32.1',
};

const port = 7233;
const readyMs = 180_000;

/** Both databases, and the schema of each as the tool has it built in. */
const databases = { temporal: 'temporal', temporal_visibility: 'visibility' } as const;

export interface TemporalOptions {
  /** The database's host. */
  readonly database: Host;
  readonly programs: { readonly server: string; readonly sqlTool: string };
  /** Seen by every host: what is not written while it runs. */
  readonly settingsFolder: string;
}

/** Temporal's server on a host of its own, on the PostgreSQL of another. */
export class Temporal {
  readonly address: string;

  constructor(
    private readonly host: Host,
    private readonly options: TemporalOptions,
  ) {
    this.address = `${host.address}:${port}`;
  }

  /** Makes the tables, starts the server and registers the namespace with our search attributes. */
  async start(): Promise<void> {
    await this.makeTables();
    writeFileSync(this.dynamicSettings, dynamicSettings);
    writeFileSync(this.settings, JSON.stringify(this.serverSettings()));
    this.host.start(() => this.program());
    await this.listening();
    await this.register();
  }

  async restart(downMs: number): Promise<void> {
    await this.host.crash();
    await delay(downMs);
    this.host.reboot(() => this.program());
  }

  async connect(): Promise<Client> {
    return new Client({ connection: await Connection.connect({ address: this.address }), namespace });
  }

  private get settings(): string {
    return join(this.options.settingsFolder, 'temporal.yaml');
  }

  private get dynamicSettings(): string {
    return join(this.options.settingsFolder, 'dynamic.yaml');
  }

  private program(): Program {
    const flags = ['--config-file', this.settings, '--allow-no-auth'];
    return { command: [this.options.programs.server, ...flags, 'start'] };
  }

  private async makeTables(): Promise<void> {
    const { database, programs } = this.options;
    const server = ['--plugin', 'postgres12', '--endpoint', database.address, '--port', String(postgresPort)];
    const tool = (name: string, ...args: readonly string[]): Promise<void> =>
      this.host.run({
        command: [programs.sqlTool, ...server, '--user', databaseUser, '--database', name, ...args],
      });
    for (const [name, schema] of Object.entries(databases)) {
      await retried(() => tool(name, 'create'));
      await tool(name, 'setup-schema', '--version', '0.0');
      await tool(name, 'update-schema', '--schema-name', `postgresql/v12/${schema}`);
    }
  }

  private async listening(): Promise<void> {
    const deadline = performance.now() + readyMs;
    while (performance.now() < deadline) {
      const connection = await Connection.connect({ address: this.address }).catch(() => null);
      const serving = await connection?.healthService.check({}).catch(() => null);
      await connection?.close();
      if (serving != null) return;
      await delay(200);
    }
    throw this.silent();
  }

  private async register(): Promise<void> {
    const connection = await Connection.connect({ address: this.address });
    try {
      const { workflowService, operatorService } = connection;
      const types = { Keyword: 2, Double: 4 } as const;
      const searchAttributes = Object.fromEntries(
        Object.entries(searchAttributeTypes).map(([name, type]) => [name, types[type]]),
      );
      const retention = { seconds: 24 * 3600, nanos: 0 };
      await retried(() =>
        workflowService.registerNamespace({
          namespace,
          workflowExecutionRetentionPeriod: retention as never,
        }),
      );
      await retried(() => operatorService.addSearchAttributes({ namespace, searchAttributes }));
    } finally {
      await connection.close();
    }
    const deadline = performance.now() + readyMs;
    while (!(await answers({ address: this.address }, 2_000))) {
      if (performance.now() > deadline) throw this.silent();
      await delay(200);
    }
  }

  private silent(): EnvironmentFault {
    return new EnvironmentFault({
      where: this.address,
      what: 'the Temporal server does not answer',
      remedy: `What it said is in ${this.host.logPath}.`,
    });
  }

  private serverSettings(): unknown {
    const { address } = this.host;
    const sql = (databaseName: string, maxConns: number): unknown => ({
      sql: {
        pluginName: 'postgres12',
        databaseName,
        connectAddr: `${this.options.database.address}:${postgresPort}`,
        connectProtocol: 'tcp',
        user: databaseUser,
        password: '',
        maxConns,
        maxIdleConns: maxConns,
        maxConnLifetime: '1h',
      },
    });
    const rpc = (grpcPort: number): unknown => ({
      rpc: { grpcPort, membershipPort: grpcPort - 300, bindOnIP: address },
    });
    return {
      log: { stdout: true, level: 'warn' },
      persistence: {
        defaultStore: 'default',
        visibilityStore: 'visibility',
        numHistoryShards: 4,
        datastores: { default: sql('temporal', 20), visibility: sql('temporal_visibility', 5) },
      },
      global: { membership: { maxJoinDuration: '30s', broadcastAddress: address } },
      services: { frontend: rpc(port), history: rpc(7234), matching: rpc(7235), worker: rpc(7239) },
      clusterMetadata: {
        enableGlobalNamespace: false,
        failoverVersionIncrement: 10,
        masterClusterName: 'active',
        currentClusterName: 'active',
        clusterInformation: {
          active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: this.address },
        },
      },
      dcRedirectionPolicy: { policy: 'noop' },
      publicClient: { hostPort: this.address },
      dynamicConfigClient: { filepath: this.dynamicSettings, pollInterval: '60s' },
    };
  }
}

/** A new namespace is known within a second, not ten. */
const dynamicSettings = 'system.namespaceCacheRefreshInterval:\n  - value: 1s\n';
