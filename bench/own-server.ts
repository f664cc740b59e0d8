import { readFileSync } from 'node:fs';
import { startServer, type RunningServer, type StartOptions } from '../infra/server/start.js';
import { recordPath } from '../infra/server/record.js';
import { searchAttributeTypes } from '../workflows/search-attribute-names.js';
import { onLeaving } from './leaving.js';

/** A dev server of this process alone, on the database of a workdir: where the process is interrupted, it ends too. */
export async function startOwnServer(
  options: Omit<StartOptions, 'searchAttributes' | 'onMessage'> & Partial<Pick<StartOptions, 'onMessage'>>,
): Promise<RunningServer> {
  const { workdir, onMessage = () => undefined } = options;
  // From before it is started: it may not have answered yet.
  const takeBack = onLeaving(() => endNoted(workdir));
  const server = await startServer({ ...options, searchAttributes: searchAttributeTypes, onMessage });
  const stop = async (): Promise<void> => {
    await server.stop();
    takeBack();
  };
  return { ...server, stop };
}

function endNoted(workdir: string): void {
  try {
    const { pid } = JSON.parse(readFileSync(recordPath(workdir), 'utf8')) as { pid?: unknown };
    if (typeof pid === 'number' && pid > 0) process.kill(pid, 'SIGKILL');
  } catch {
    // None is noted, or it has ended.
  }
}
