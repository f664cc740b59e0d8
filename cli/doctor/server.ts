import { loadClientConnectConfig } from '@temporalio/envconfig';
import { findServer } from '../../infra/server/find.js';
import { readRecord } from '../../infra/server/record.js';
import type { Workdir } from '../workdir.js';
import type { Check } from './check.js';

/** Which Temporal server a run would use. */
export async function serverCheck({ path }: Workdir): Promise<Check> {
  const name = 'Temporal server';
  const { address } = loadClientConnectConfig().connectionOptions;
  if (address !== undefined) return { name, state: 'fine', found: `configured: ${address}` };
  const running = await readRecord(path);
  if (running !== null)
    return {
      name,
      state: 'fine',
      found: `runs for this folder: ${running.address}, Web UI ${running.uiUrl}`,
    };
  const found = findServer();
  if (found !== null) return { name, state: 'fine', found: `${found.path} (${found.from})` };
  return {
    name,
    state: 'note',
    found: 'none yet',
    remedy:
      'The first run fetches it: the official download, else the wheel of the Python registry, else built with Go in about three minutes.',
  };
}
