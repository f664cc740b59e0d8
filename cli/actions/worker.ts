import { connect } from '../connection.js';
import { openLog } from '../host/host-log.js';
import { workerHostSchema } from '../facts/hosts.js';
import { openWorkers } from '../host/host.js';
import { observed } from '../host/observation.js';
import { serve } from '../host/serve.js';
import type {
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
  extends GlobalOptions, ShareOptions, RootOptions, LoggingOptions, MetricsOption, JsonOption {
  readonly queue: readonly string[];
}

export async function worker(console: Console, options: WorkerOptions): Promise<void> {
  const { workdir: folder, queue, root, slots, threads } = options;
  const workdir = await writableWorkdir(folder);
  const log = openLog(workdir, console, options);
  await observed(options.metrics, (observation) =>
    serve(log.note, {
      open: async (signal) =>
        openWorkers(await connect(workdir), {
          workdir,
          log,
          observation,
          signal,
          queues: queue,
          onMessage: log.note,
          ...(root === undefined ? {} : { roots: root }),
          ...(slots === undefined ? {} : { slots }),
          ...(threads === undefined ? {} : { threads }),
        }),
      announce: ({ link: { address, namespace } }) => {
        if (options.json === true)
          return printJson(console, workerHostSchema, {
            address,
            namespace,
            queues: queue,
            log: log.path,
            metrics: observation.url,
          });
        console.print(`working for ${address} on ${queue.join(', ')}; log: ${log.path}`);
        if (observation.url !== null) console.print(`metrics and health: ${observation.url}`);
      },
    }),
  );
}
