import { Client, Connection } from '@temporalio/client';
import { EnvironmentFault } from '../errors/fault.js';
import { configuredServer, type ServerAccess } from '../infra/server/configured.js';
import { connectionFault } from '../infra/server/connection-fault.js';
import { readRecord } from '../infra/server/record.js';
import { dataConverterOf } from '../payloads/data-converter.js';
import { readEncryptionKeys, type EncryptionKeys } from '../payloads/encryption-keys.js';
import type { Workdir } from './workdir.js';

/** A server that was reached. */
export interface ServerLink {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  /** TLS, keys and the like. */
  readonly access: ServerAccess;
  /** Address of the Web UI; null where it is not known. */
  readonly uiUrl: string | null;
  /** Whether it runs on the database of this workdir. */
  readonly ownServer: boolean;
  /** What payloads are encrypted with; null where they are written in the clear. */
  readonly encryption: EncryptionKeys | null;
  close(): Promise<void>;
}

/** Where a server is, as the environment or the workdir's `server.json` says. */
interface ServerPlace {
  readonly access: ServerAccess;
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | null;
  readonly ownServer: boolean;
}

/**
 * Connects to the server that `TEMPORAL_ADDRESS` or a Temporal profile names, else to the one that runs
 * for the workdir.
 *
 * @throws EnvironmentFault where there is none, or none that answers
 */
export async function connect(workdir: Workdir): Promise<ServerLink> {
  const place = configuredPlace() ?? (await workdirServer(workdir));
  if (place === null) {
    throw new EnvironmentFault({
      where: workdir.path,
      what: 'no server runs for this folder',
      remedy: 'Start one with `foldwise dev`, name its folder with --workdir, or set TEMPORAL_ADDRESS.',
    });
  }
  return open(place);
}

/** Connects to a server at a known address, as the one that this process has started. */
export async function connectTo(server: {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | null;
  /** Null for one that is configured. */
  readonly process: unknown;
}): Promise<ServerLink> {
  const { address, namespace, uiUrl } = server;
  return open({
    address,
    namespace,
    uiUrl,
    ownServer: server.process !== null,
    access: server.process === null ? (configuredServer()?.access ?? {}) : {},
  });
}

async function open(place: ServerPlace): Promise<ServerLink> {
  const { address, namespace, access } = place;
  const encryption = readEncryptionKeys();
  const connection = await Connection.connect({ ...access, address }).catch(async (error: unknown) => {
    throw await connectionFault(address, access, error);
  });
  const client = new Client({ connection, namespace, dataConverter: dataConverterOf(encryption) });
  return { ...place, client, encryption, close: () => connection.close() };
}

function configuredPlace(): ServerPlace | null {
  const configured = configuredServer();
  return configured === null ? null : { ...configured, uiUrl: null, ownServer: false };
}

async function workdirServer({ path }: Workdir): Promise<ServerPlace | null> {
  const record = await readRecord(path);
  if (record === null) return null;
  const { address, namespace, uiUrl } = record;
  return { address, namespace, uiUrl, ownServer: true, access: {} };
}
