import { processor } from '../../engine/device/device.js';
import { modelsOf } from '../../ensemble/definition.js';
import { inInt8 } from '../../ensemble/in-int8.js';
import { EnvironmentFault, InputFault } from '../../errors/fault.js';
import { scoringDevice } from '../../worker/devices/scoring.js';
import { deviceWords } from '../../worker/devices/usable.js';
import { thisMachine } from '../../worker/machine.js';
import { servingHostSchema } from '../facts/hosts.js';
import { logLevels, renderEntry, type LogLevelName } from '../host/log-format.js';
import type { GlobalOptions, JsonOption, LoggingOptions, OneDeviceOption } from '../options.js';
import { ensembleAt } from '../runs/ensemble-at.js';
import { isLoopback, requireAddress } from '../serve/address.js';
import { batchingOf, limitsOf, type ServingOptions } from '../serve/options.js';
import { serveEnsemble } from '../serve/serve-ensemble.js';
import { readToken } from '../serve/token-file.js';
import { printJson, type Console } from '../terminal/console.js';
import { oneLine } from '../terminal/layout.js';
import { workdirAt } from '../workdir.js';

interface ServeOptions extends GlobalOptions, JsonOption, LoggingOptions, ServingOptions, OneDeviceOption {
  readonly host: string;
  readonly port: number;
  readonly threads?: number;
  readonly int8?: boolean;
  readonly drain: number;
  readonly tokenFile?: string;
  readonly corsOrigin?: string;
  readonly logRequests?: boolean;
}

export async function serve(console: Console, options: ServeOptions, name: string): Promise<void> {
  const {
    host,
    threads = thisMachine().processors,
    tokenFile,
    corsOrigin,
    logLevel = 'info',
    logFormat = 'text',
  } = options;
  requireAddress(host);
  const own = await ensembleAt(name, workdirAt(options.workdir));
  const stored = options.int8 === true ? { ...own, definition: inInt8(own, name) } : own;
  const { run, pipeline, definition } = stored;
  const token = tokenFile === undefined ? undefined : await readToken(tokenFile);
  const log = (level: LogLevelName, message: string, facts: Readonly<Record<string, unknown>> = {}): void => {
    if (logLevels.indexOf(level) < logLevels.indexOf(logLevel)) return;
    const entry = { time: new Date(), level: level.toUpperCase(), message: oneLine(message), facts };
    console.note(renderEntry(entry, logFormat));
  };
  if (token === undefined && !isLoopback(host))
    log('warn', `whoever reaches ${host} is answered: there is no token (--token-file), and no encryption`);
  const device = await scoringDevice(options.device, definition.precision ?? 'float32', {
    onMessage: (message) => log('warn', message),
  });
  const models = modelsOf(definition).length;
  const where = device.name === processor ? '' : ` on ${deviceWords(device)}`;
  await serveEnsemble({
    stored,
    threads,
    device: device.name,
    drainMs: options.drain,
    note: (message) => log('info', message),
    onListening: (url) => {
      const { labels } = definition;
      if (options.json === true)
        return printJson(console, servingHostSchema, {
          ...{ url, run, pipeline, models, labels: [...labels] },
          device: device.name,
        });
      console.print(
        `${url}: ${models === 1 ? '1 model' : `${models} models`} of run ${run}${where}; Ctrl-C ends it.`,
      );
    },
    server: {
      host,
      port: options.port,
      batching: batchingOf(options),
      limits: limitsOf(options),
      ...(token === undefined ? {} : { token }),
      ...(corsOrigin === undefined ? {} : { corsOrigins: [corsOrigin] }),
      ...(options.logRequests === true ? { onRequest: (entry) => log('info', 'request', { ...entry }) } : {}),
      onFault: (fault) => log('error', messageOf(fault)),
    },
  });
}

/** What was not foreseen may quote a text: of that only the kind is told. */
function messageOf(fault: unknown): string {
  if (fault instanceof InputFault || fault instanceof EnvironmentFault) return fault.message;
  return `not foreseen: ${fault instanceof Error ? fault.name : typeof fault}`;
}
