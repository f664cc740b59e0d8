import { InputFault } from '../../errors/fault.js';
import { buildIdOf } from '../../worker/build-id.js';
import type { Deployment } from '../../worker/deployment.js';
import { deviceWords } from '../../worker/devices/usable.js';
import { packageVersion } from '../../worker/versions.js';
import { connect } from '../connection.js';
import { openLog } from '../host/host-log.js';
import { deviceFacts, workerHostSchema } from '../facts/hosts.js';
import { openWorkers } from '../host/host.js';
import { observed } from '../host/observation.js';
import { serve } from '../host/serve.js';
import type {
  DeviceOption,
  GlobalOptions,
  JsonOption,
  LoggingOptions,
  MetricsOption,
  RootOptions,
  ShareOptions,
} from '../options.js';
import { printJson, type Console } from '../terminal/console.js';
import { writableWorkdir } from '../workdir.js';

interface WorkerOptions
  extends GlobalOptions, DeviceOption, ShareOptions, RootOptions, LoggingOptions, MetricsOption, JsonOption {
  readonly queue: readonly string[];
  readonly deployment?: string;
  readonly buildId?: string;
}

export async function worker(console: Console, options: WorkerOptions): Promise<void> {
  const { workdir: folder, queue, root, slots, threads, device } = options;
  const workdir = await writableWorkdir(folder);
  const log = openLog(workdir, console, options);
  const deployment = await deploymentOf(options);
  await observed(options.metrics, (observation) =>
    serve(log.note, {
      open: (signal) =>
        openWorkers(() => connect(workdir), {
          workdir,
          log,
          observation,
          signal,
          queues: queue,
          device,
          ...(deployment === undefined ? {} : { deployment }),
          onMessage: log.note,
          ...(root === undefined ? {} : { roots: root }),
          ...(slots === undefined ? {} : { slots }),
          ...(threads === undefined ? {} : { threads }),
        }),
      announce: ({ link: { address, namespace }, devices }) => {
        if (options.json === true)
          return printJson(console, workerHostSchema, {
            address,
            namespace,
            queues: queue,
            devices: devices.map(deviceFacts),
            log: log.path,
            metrics: observation.url,
            deployment: deployment ?? null,
          });
        console.print(`working for ${address} on ${queue.join(', ')}; log: ${log.path}`);
        console.print(`folds train on ${devices.map(deviceWords).join(', ')}`);
        if (deployment !== undefined)
          console.print(`version ${deployment.buildId} of the deployment ${deployment.name}`);
        if (observation.url !== null) console.print(`metrics and health: ${observation.url}`);
      },
    }),
  );
}

/** @throws InputFault for a build of no deployment */
async function deploymentOf({ deployment: name, buildId }: WorkerOptions): Promise<Deployment | undefined> {
  if (name !== undefined) return { name, buildId: buildId ?? (await buildIdOf(packageVersion())) };
  if (buildId === undefined) return undefined;
  throw new InputFault({
    where: '--build-id',
    what: 'a build is a version of a deployment, and there is none',
    remedy: 'Name it with --deployment, or leave both out.',
  });
}
