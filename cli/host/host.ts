import { NativeConnection } from '@temporalio/worker';
import { startServer, type RunningServer } from '../../infra/server/start.js';
import { createWorkers, type Workers, type WorkersOptions } from '../../worker/workers.js';
import { searchAttributeTypes } from '../../workflows/search-attribute-names.js';
import { configuredOptions, connectTo, type ServerLink } from '../connection.js';
import type { Workdir } from '../workdir.js';

/** What the workers of a host do, and for whom. */
export type WorkerChoice = Pick<WorkersOptions, 'queues' | 'slots' | 'threads' | 'roots'>;

export interface HostOptions extends WorkerChoice {
  readonly workdir: Workdir;
  readonly port?: number;
  readonly uiPort?: number;
  /** Told each thing that is done, as one sentence. */
  readonly onMessage: (message: string) => void;
}

/** A server and workers that live as long as this process wants them. */
export interface Host {
  readonly link: ServerLink;
  /** Rejects when a worker fails; resolves once all have ended. */
  readonly working: Promise<void>;
  /** Lets folds in training write a checkpoint, then ends what was started here, and only that. */
  stop(): Promise<void>;
  /** Ends the server that was started here, waiting for nothing; the workers end with this process. */
  readonly stopNow: () => void;
}

/** Starts a server, unless one is configured or runs for the workdir already, and workers on it. */
export async function openHost(options: HostOptions): Promise<Host> {
  const { workdir, onMessage, port, uiPort } = options;
  const server = await startServer({
    workdir: workdir.path,
    searchAttributes: searchAttributeTypes,
    onMessage,
    ...(port === undefined ? {} : { port }),
    ...(uiPort === undefined ? {} : { uiPort }),
  });
  let link: ServerLink | undefined;
  try {
    link = await connectTo(server);
    return await openWorkers(link, options, server);
  } catch (error) {
    await link?.close();
    await server.stop();
    throw error;
  }
}

/** Starts workers on a server that is there; `server` is ended with them where this process started it. */
export async function openWorkers(
  link: ServerLink,
  options: HostOptions,
  server?: RunningServer,
): Promise<Host> {
  const connection = await NativeConnection.connect({ ...configuredOptions(), address: link.address });
  const workers = await workersOn(connection, link, options).catch(async (error: unknown) => {
    await connection.close();
    throw error;
  });
  const working = workers.run();
  // Whoever waits for it hears of a failure; until then it must not end the process.
  working.catch(() => undefined);
  return {
    link,
    working,
    stop: () => stop(workers, working, [connection, link], server),
    stopNow: () => {
      if (server?.started === true && server.pid !== null) process.kill(server.pid, 'SIGKILL');
    },
  };
}

function workersOn(
  connection: NativeConnection,
  { namespace }: ServerLink,
  options: HostOptions,
): Promise<Workers> {
  return createWorkers({ ...options, connection, namespace, workdir: options.workdir.path });
}

async function stop(
  workers: Workers,
  working: Promise<void>,
  links: readonly { close(): Promise<void> }[],
  server: RunningServer | undefined,
): Promise<void> {
  workers.shutdown();
  await working.catch(() => undefined);
  for (const link of links) await link.close();
  await server?.stop();
}
