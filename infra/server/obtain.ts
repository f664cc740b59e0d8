import { join } from 'node:path';
import { EnvironmentFault } from '../../errors/fault.js';
import { buildServer } from './build-server.js';
import { withLock } from './cache-lock.js';
import { downloadServer } from './download.js';
import { findServer, type FoundServer } from './find.js';
import { cacheFolder, temporalVersion } from './release.js';

const origins: Readonly<Record<FoundServer['from'], string>> = {
  FOLDWISE_TEMPORAL: 'that FOLDWISE_TEMPORAL names',
  PATH: 'on the PATH',
  cache: 'fetched before',
};

/** Told each thing that is done, as one sentence. */
export type OnMessage = (message: string) => void;

/**
 * The path of a `temporal` executable: one that is there, else the official download, else built with Go.
 * What is fetched is kept for this user.
 *
 * @throws EnvironmentFault where there is no way to get one
 */
export async function obtainServer(onMessage: OnMessage): Promise<string> {
  const found = findServer();
  if (found !== null) {
    onMessage(`Using the Temporal server ${origins[found.from]}: ${found.path}`);
    return found.path;
  }
  const wait = (): void => onMessage('Waiting for another process that fetches the Temporal server.');
  return withLock(join(cacheFolder(), 'lock'), wait, async () => {
    const meanwhile = findServer();
    return meanwhile === null ? fetchServer(onMessage) : meanwhile.path;
  });
}

async function fetchServer(onMessage: OnMessage): Promise<string> {
  onMessage(`Downloading the Temporal server ${temporalVersion} (once; it is kept in ${cacheFolder()}).`);
  const download = await attempt(downloadServer);
  if ('path' in download) return download.path;
  onMessage(`The download is not possible here: ${download.reason}.`);
  onMessage(
    `Building the Temporal server ${temporalVersion} with Go instead; this takes about three minutes, once.`,
  );
  const build = await attempt(buildServer);
  if ('path' in build) return build.path;
  throw new EnvironmentFault({
    where: 'the Temporal server',
    what: `it could neither be downloaded (${download.reason}) nor built (${build.reason})`,
    remedy:
      'Install the Temporal CLI so that `temporal` is on the PATH, install Go, or set TEMPORAL_ADDRESS to a server.',
  });
}

async function attempt(get: () => Promise<string>): Promise<{ path: string } | { reason: string }> {
  try {
    return { path: await get() };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { reason: cause instanceof Error ? cause.message : String(cause) };
  }
}
