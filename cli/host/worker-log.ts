import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import type { Workdir } from '../workdir.js';

/**
 * Sends what Temporal's worker logs to `.foldwise/worker.log`, where it cannot tear the screen, and
 * leaves signals to the command. Once per process, before any connection of a worker; gives the file.
 */
export function logToFile({ state }: Workdir): string {
  const path = join(state, 'worker.log');
  mkdirSync(state, { recursive: true });
  const file = createWriteStream(path, { flags: 'a' });
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      file.write(`${new Date().toISOString()} ${level} ${message}${facts(meta)}\n`);
    }),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} } },
    shutdownSignals: [],
  });
  return path;
}

function facts(meta: object | undefined): string {
  if (meta === undefined) return '';
  const plain = Object.entries(meta).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Error ? value.message : value,
  ]);
  return ` ${JSON.stringify(Object.fromEntries(plain))}`;
}
