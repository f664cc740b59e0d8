import { openLog } from '../host/host-log.js';
import { deviceFacts, devHostSchema } from '../facts/hosts.js';
import { openHost } from '../host/host.js';
import { observed } from '../host/observation.js';
import { serve } from '../host/serve.js';
import { deviceWords } from '../../worker/devices/usable.js';
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

interface DevOptions
  extends GlobalOptions, DeviceOption, ShareOptions, RootOptions, LoggingOptions, MetricsOption, JsonOption {
  readonly port?: number;
  readonly uiPort?: number;
}

export async function dev(console: Console, options: DevOptions): Promise<void> {
  const { workdir: folder, root, port, uiPort, slots, threads, device } = options;
  const workdir = await writableWorkdir(folder);
  const log = openLog(workdir, console, options);
  await observed(options.metrics, (observation) =>
    serve(log.note, {
      open: (signal) =>
        openHost({
          workdir,
          log,
          observation,
          signal,
          device,
          onMessage: log.note,
          ...(root === undefined ? {} : { roots: root }),
          ...(port === undefined ? {} : { port }),
          ...(uiPort === undefined ? {} : { uiPort }),
          ...(slots === undefined ? {} : { slots }),
          ...(threads === undefined ? {} : { threads }),
        }),
      announce: ({ link: { address, namespace, uiUrl }, devices }) => {
        if (options.json === true)
          return printJson(console, devHostSchema, {
            address,
            namespace,
            uiUrl,
            devices: devices.map(deviceFacts),
            log: log.path,
            metrics: observation.url,
          });
        console.print(`Temporal server  ${address}`);
        if (uiUrl !== null) console.print(`Web UI           ${uiUrl}`);
        console.print(`folds train on   ${devices.map(deviceWords).join(', ')}`);
        console.print(`worker's log     ${log.path}`);
        if (observation.url !== null) console.print(`metrics, health  ${observation.url}`);
        console.print('Ctrl-C ends both.');
      },
    }),
  );
}
