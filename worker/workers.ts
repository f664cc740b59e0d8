import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { join } from 'node:path';
import type { AcceptedRuns } from '../activities/admission.js';
import { createActivities } from '../activities/index.js';
import type { Services } from '../activities/services.js';
import { mainQueue, trainingQueue } from '../pipeline/activities.js';
import { dataConverterOf } from '../payloads/data-converter.js';
import { readEncryptionKeys, type EncryptionKeys } from '../payloads/encryption-keys.js';
import { sha256 } from '../store/digest.js';
import { sweepTemporaryFiles } from '../store/temporary-file.js';
import { scoreQueue, stepQueue, workflowQueue } from '../pipeline/task-queues.js';
import type { OutputListener } from './child-process.js';
import { versioningOf, type Deployment } from './deployment.js';
import { MeasuredTrainer } from './metrics/measured-trainer.js';
import { observedActivities } from './metrics/observed-activities.js';
import { WorkerMetrics } from './metrics/worker-metrics.js';
import type { Check } from './readiness.js';
import { missingSearchAttributes, registrationCommand } from './search-attributes.js';
import { theProcessor, type UsableDevice } from './devices/probe.js';
import { createServices } from './services.js';
import { diskSpaceAt, workerChecks } from './worker-checks.js';
import { workerSettings } from './worker-settings.js';
import { workflowBundle } from './workflow-bundle.js';

export interface WorkersOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** Everything that runs write goes below it. */
  readonly workdir: string;
  /** `main`, and the queues of steps such as `gpu`. Default both. */
  readonly queues?: readonly string[];
  /** What folds train on, found to start. Default: the processor. */
  readonly usable?: readonly UsableDevice[];
  /** Folds trained at once by this process. Default: as the machine allows (see `sharesOf`). */
  readonly slots?: number;
  /** Intra-op threads per fold. Default: the processors divided by the slots. */
  readonly threads?: number;
  /** Folders that runs may read; null trusts whoever starts them. Default: the workdir and the current folder. */
  readonly roots?: readonly string[] | null;
  /** The runs that are worked for. Default: everybody's. */
  readonly accepts?: AcceptedRuns;
  /** Keys for all payloads; null writes them in the clear. Default: those of the environment. */
  readonly encryption?: EncryptionKeys | null;
  /** Task queue of the workflow; a queue `q` of the steps is `<taskQueue>-q`. Default `foldwise`. */
  readonly taskQueue?: string;
  /** The deployment of which this is a version; runs then stay with the version that took them up. Default: none. */
  readonly deployment?: Deployment;
  /** How this process calls itself to the server. Default: its number and machine. */
  readonly identity?: string;
  /** How long activities go on before they hear of a shutdown. Default 0: folds write their checkpoint at once. */
  readonly shutdownGraceMs?: number;
  /** Folder of workflow code that was bundled before. Default: that of the build. */
  readonly bundles?: string;
  /** In place of the real ones, for tests. */
  readonly services?: Partial<Services>;
  /** Told what a person should know. */
  readonly onMessage?: (message: string) => void;
  /** Told each line that child processes print; by default it goes to stderr. */
  readonly onOutput?: OutputListener;
  /** Told how the work goes. Default: nobody is. */
  readonly metrics?: WorkerMetrics;
}

const allQueues = [mainQueue, trainingQueue];

/** The workers of one process. */
export interface Workers {
  /** Works until `shutdown`, or until one of the workers fails. */
  run(): Promise<void>;
  /** Lets running folds checkpoint, then ends `run`. */
  shutdown(): void;
  /** Activities that run just now. */
  busy(): number;
  /** What makes them ready (see `Readiness`). */
  readonly checks: Readonly<Record<string, Check>>;
}

/** Creates a worker per queue: the main one carries the workflow, too; the others activities alone. */
export async function createWorkers(given: WorkersOptions): Promise<Workers> {
  const options = { ...given, encryption: encryptionOf(given) };
  await sweepTemporaryFiles(join(options.workdir, '.foldwise'));
  await sweepTemporaryFiles(join(options.workdir, 'runs'));
  const { queues = allQueues, metrics = new WorkerMetrics(), workdir } = options;
  const services = await servicesOf(options, metrics);
  const { versions, slots } = services;
  const devices = (options.usable ?? [theProcessor]).map(({ name, card }) => ({ name, card }));
  metrics.tell({ version: versions['foldwise'] ?? '', slots, devices, disk: () => diskSpaceAt(workdir) });
  const setting: Setting = { options, services, metrics };
  const workers: Worker[] = [];
  for (const queue of queues) {
    workers.push(await (queue === mainQueue ? mainWorker(setting) : queueWorker(setting, queue)));
    // Chunks of tables are taken by whoever takes all but training, as many at once as there are slots.
    if (queue === mainQueue) workers.push(await activityWorker(setting, scoreQueue(options.taskQueue)));
  }
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const polls = (): boolean => workers.every((worker) => worker.getState() === 'RUNNING');
  return {
    shutdown,
    checks: workerChecks({ ...options, store: services.store, polls }),
    busy: () => workers.reduce((sum, worker) => sum + worker.getStatus().numInFlightActivities, 0),
    run: async () => {
      const runs = workers.map((worker) => worker.run().finally(shutdown));
      const ended = await Promise.allSettled(runs);
      const failed = ended.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

function encryptionOf({ encryption }: WorkersOptions): EncryptionKeys | null {
  return encryption === undefined ? readEncryptionKeys() : encryption;
}

async function servicesOf(options: WorkersOptions, metrics: WorkerMetrics): Promise<Services> {
  const { connection, namespace, onMessage } = options;
  const missing = await missingSearchAttributes(connection, namespace);
  if (missing.length > 0) {
    onMessage?.(
      `The namespace ${namespace} does not know ${missing.join(', ')}; runs go without. To add them: ${registrationCommand(namespace)}`,
    );
  }
  const searchAttributes = missing.length === 0;
  const encrypted = encryptionOf(options) !== null;
  // What takes up every queue but the main one trains.
  const trains = (options.queues ?? allQueues).some((queue) => queue !== mainQueue);
  const services = {
    ...createServices({ ...options, searchAttributes, encrypted, metrics, trains }),
    ...options.services,
  };
  return { ...services, trainer: new MeasuredTrainer(services.trainer, metrics) };
}

/** What the workers of one process have in common. */
interface Setting {
  readonly options: WorkersOptions;
  readonly services: Services;
  readonly metrics: WorkerMetrics;
}

async function mainWorker(setting: Setting): Promise<Worker> {
  const { options, services } = setting;
  const { bundles } = options;
  const { code } = await workflowBundle('plain', bundles);
  return Worker.create({
    ...common(setting),
    taskQueue: options.taskQueue ?? workflowQueue,
    // Not to route by; it says whose code carries a run, and whose answers for its queue: the same, encrypted or not.
    ...(options.deployment === undefined
      ? { buildId: `foldwise@${services.versions['foldwise']}+${sha256(code).slice(0, 8)}` }
      : {}),
    workflowBundle: await workflowBundle(encryptionOf(options) === null ? 'plain' : 'encrypted', bundles),
  });
}

function queueWorker(setting: Setting, queue: string): Promise<Worker> {
  return activityWorker(setting, stepQueue(queue, setting.options.taskQueue));
}

function activityWorker(setting: Setting, taskQueue: string): Promise<Worker> {
  return Worker.create({
    ...common(setting),
    taskQueue,
    maxConcurrentActivityTaskExecutions: setting.services.slots,
  });
}

function common({ options, services, metrics }: Setting): Omit<WorkerOptions, 'taskQueue'> {
  const { connection, namespace, identity, deployment, shutdownGraceMs = 0 } = options;
  return {
    ...workerSettings,
    dataConverter: dataConverterOf(encryptionOf(options)),
    connection,
    namespace,
    ...(identity === undefined ? {} : { identity }),
    ...(deployment === undefined ? {} : { workerDeploymentOptions: versioningOf(deployment) }),
    activities: createActivities(services),
    shutdownGraceTime: shutdownGraceMs,
    interceptors: { activity: [observedActivities(metrics)] },
  };
}
