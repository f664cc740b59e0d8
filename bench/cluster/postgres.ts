import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Host, Program } from './host.js';

export const postgresPort = 5432;

/** The role of the server's databases; nobody else reaches this network. */
export const databaseUser = 'temporal';

/** PostgreSQL refuses to run as root, so it is another user in a namespace of its own. */
const asOther = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'];

/** The folder with PostgreSQL's programs; null where there is none. */
export function findPostgres(env: NodeJS.ProcessEnv = process.env): string | null {
  const packaged = '/usr/lib/postgresql';
  const versions = existsSync(packaged) ? readdirSync(packaged) : [];
  const newest = versions.toSorted((a, b) => Number(b) - Number(a)).map((v) => join(packaged, v, 'bin'));
  const folders = [...newest, ...(env['PATH'] ?? '').split(delimiter)];
  return (
    folders.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name)))) ?? null
  );
}

/** PostgreSQL on a host's disk. */
export class Postgres {
  constructor(
    private readonly host: Host,
    private readonly programs: string,
  ) {}

  async start(): Promise<void> {
    await this.host.run({ command: [...asOther, join(this.programs, 'initdb'), ...this.initArguments()] });
    this.host.start(() => this.program());
  }

  /** SIGKILL, as a power cut; it recovers from its log. */
  async restart(downMs: number): Promise<void> {
    await this.host.crash();
    await delay(downMs);
    this.host.reboot(() => this.program());
  }

  private get data(): string {
    return join(this.host.disk, 'pg');
  }

  private initArguments(): string[] {
    return ['--pgdata', this.data, '--username', databaseUser, '--auth', 'trust', '--no-sync', '--locale=C'];
  }

  private program(): Program {
    const settings = [
      `listen_addresses=${this.host.address}`,
      `port=${postgresPort}`,
      'unix_socket_directories=',
      `hba_file=${join(this.data, 'pg_hba.conf')}`,
      'max_connections=100',
    ].flatMap((setting) => ['-c', setting]);
    const hba = `echo 'host all all 10.77.0.0/24 trust' > '${join(this.data, 'pg_hba.conf')}'`;
    // What a killed one left says that it still runs: process numbers begin anew on every boot.
    const start = `rm -f '${join(this.data, 'postmaster.pid')}' && ${hba} && exec "$@"`;
    return {
      command: [
        ...asOther,
        'sh',
        '-c',
        start,
        'sh',
        join(this.programs, 'postgres'),
        '-D',
        this.data,
        ...settings,
      ],
    };
  }
}
