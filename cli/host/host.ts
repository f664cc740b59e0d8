import { NativeConnection } from '@temporalio/worker';
import { setTimeout as delay } from 'node:timers/promises';
import { connectionFault } from '../../infra/server/connection-fault.js';
import { ServerKeeper } from '../../infra/server/keeper.js';
import { answers } from '../../infra/server/probe.js';
import { send } from '../../infra/server/process.js';
import { startServer, type StartOptions } from '../../infra/server/start.js';
import type { DeviceChoice } from '../../engine/device/choice.js';
import type { UsableDevice } from '../../worker/devices/probe.js';
import { encryptionNotes } from '../../worker/encryption-notes.js';
import { requireSharedStore, workerIdentity } from '../../worker/store-proof.js';
import { createWorkers, type Workers, type WorkersOptions } from '../../worker/workers.js';
import { searchAttributeTypes } from '../../workflows/search-attribute-names.js';
import { scoreQueue, stepQueue, workflowQueue } from '../../pipeline/task-queues.js';
import { connectTo, type ServerLink } from '../connection.js';
import { trainingQueue } from '../../pipeline/activities.js';
import type { Workdir } from '../workdir.js';
import { hostDevices } from './devices.js';
import type { HostLog } from './host-log.js';
import type { Observation } from './observation.js';

/** What the workers of a host do, and for whom. */
export type WorkerChoice = Pick<
  WorkersOptions,
  'queues' | 'slots' | 'threads' | 'roots' | 'accepts' | 'deployment'
> & {
  /** What folds train on. Default: left open. */
  readonly device?: DeviceChoice;
  /** What folds train on, found to start: then nothing is tried again. */
  readonly usable?: readonly UsableDevice[];
};

export interface HostOptions extends WorkerChoice {
  readonly workdir: Workdir;
  readonly port?: number;
  readonly uiPort?: number;
  /** What the workers and their children say. */
  readonly log: HostLog;
  /** Told how the workers do. Default: nobody is. */
  readonly observation?: Observation;
  /** Told each thing that is done, as one sentence. */
  readonly onMessage: (message: string) => void;
  /** Gives up what is being started. */
  readonly signal?: AbortSignal;
  /** Done once the server answers, before the workers take up what is open on it. */
  readonly beforeWork?: (link: ServerLink) => Promise<void>;
}

/** A server and workers that live as long as this process wants them. */
export interface Host {
  readonly link: ServerLink;
  /** What folds train on here. */
  readonly devices: readonly UsableDevice[];
  /** Rejects when a worker fails, or the server is gone for good; resolves once all workers have ended. */
  readonly working: Promise<void>;
  /**
   * Lets folds in training write a checkpoint, then ends what was started here, and only that. Where the
   * server is gone it does not wait for what cannot be told to it.
   */
  stop(): Promise<void>;
  /** Ends the server that was started here, waiting for nothing; the workers end with this process. */
  readonly stopNow: () => void;
}

/** A fold that is told to stop has half a minute for its checkpoint, and a little to say so. */
const stopMs = 45_000;
const pollMs = 200;

/** Starts a server, unless one is configured or runs for the workdir already, and workers on it. */
export async function openHost(options: HostOptions): Promise<Host> {
  const { workdir, onMessage, port, uiPort, signal } = options;
  const start: StartOptions = {
    workdir: workdir.path,
    searchAttributes: searchAttributeTypes,
    onMessage,
    ...(port === undefined ? {} : { port }),
    ...(uiPort === undefined ? {} : { uiPort }),
    ...(signal === undefined ? {} : { signal }),
  };
  // Before anything is started: a device that does not start is what a person is told first.
  const devices = await devicesOf(options);
  const server = await startServer(start);
  const keeper = new ServerKeeper(server, start);
  let link: ServerLink | undefined;
  try {
    link = await connectTo(server);
    await options.beforeWork?.(link);
    return await startWorkers(link, options, devices, keeper);
  } catch (error) {
    await link?.close();
    await keeper.stop();
    throw error;
  }
}

/** Starts workers on a server that is there, once their devices have started. */
export async function openWorkers(connect: () => Promise<ServerLink>, options: HostOptions): Promise<Host> {
  const devices = await devicesOf(options);
  return startWorkers(await connect(), options, devices);
}

async function devicesOf(options: HostOptions): Promise<readonly UsableDevice[]> {
  const { usable, device, signal, onMessage, slots, log } = options;
  if (usable !== undefined) return usable;
  return hostDevices({ device, slots, signal, onMessage, onOutput: log.printed });
}

/** The keeper's server is left with the workers. */
async function startWorkers(
  link: ServerLink,
  options: HostOptions,
  devices: readonly UsableDevice[],
  keeper?: ServerKeeper,
): Promise<Host> {
  options.signal?.throwIfAborted();
  const { observation } = options;
  options.log.install(observation?.sdkAddress);
  const connection = await connectWorkers(link);
  const workers = await workersOn(connection, link, options, devices).catch(async (error: unknown) => {
    await connection.close();
    throw error;
  });
  const ended = workers.run();
  await observation?.readiness.watch(workers.checks);
  const working = keeper === undefined ? ended : Promise.race([ended, keeper.failed]);
  // Whoever waits for it hears of a failure; until then it must not end the process.
  working.catch(() => undefined);
  ended.catch(() => undefined);
  return {
    link,
    devices,
    working,
    stop: () => {
      observation?.readiness.end();
      return stop(workers, ended, { connection, link, ...(keeper === undefined ? {} : { keeper }) });
    },
    stopNow: () => {
      const server = keeper?.current;
      if (server?.started === true && server.process !== null) send(server.process, 'SIGKILL');
    },
  };
}

/** The connection of a server's workers. @throws EnvironmentFault that says why there is none */
export async function connectWorkers({ address, access }: ServerLink): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect({ ...access, address });
  } catch (error) {
    throw await connectionFault(address, access, error);
  }
}

async function workersOn(
  connection: NativeConnection,
  { namespace, ownServer, encryption }: ServerLink,
  options: HostOptions,
  usable: readonly UsableDevice[],
): Promise<Workers> {
  const { log, observation } = options;
  const place = { connection, namespace, workdir: options.workdir.path };
  const mark = await requireSharedStore({
    ...place,
    ownServer,
    encrypted: encryption !== null,
    taskQueues: [workflowQueue, stepQueue(trainingQueue), scoreQueue()],
  });
  const identity = workerIdentity(mark);
  log.speakAs(identity);
  for (const message of await encryptionNotes(place, encryption)) options.onMessage(message);
  const metrics = observation === undefined ? {} : { metrics: observation.metrics };
  return createWorkers({
    ...options,
    usable,
    ...place,
    ...metrics,
    encryption,
    identity,
    onOutput: log.printed,
  });
}

interface Held {
  readonly connection: NativeConnection;
  readonly link: ServerLink;
  readonly keeper?: ServerKeeper;
}

async function stop(workers: Workers, ended: Promise<void>, held: Held): Promise<void> {
  const { connection, keeper } = held;
  keeper?.rest();
  workers.shutdown();
  const inOrder = ended.then(
    () => true,
    () => true,
  );
  const orderly = await Promise.race([inOrder, patience(workers, held)]);
  // Where the server is away, calls wait to be made again: the process's end closes their connection. The
  // client's is left to whoever uses it: a call of its that waits so would throw where nobody catches it.
  if (orderly) await connection.close();
  await keeper?.stop();
}

/** Resolves once it is of no use to wait for the workers any longer. */
async function patience(workers: Workers, { link, keeper }: Held): Promise<false> {
  const deadline = performance.now() + stopMs;
  while (performance.now() < deadline) {
    await delay(pollMs, undefined, { ref: false });
    // What still runs writes its checkpoint; only then is there nothing but reports that nobody takes.
    if (workers.busy() > 0) continue;
    if (keeper?.isAway === true || !(await answers(link, 2_000))) return false;
  }
  return false;
}
