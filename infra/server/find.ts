import { delimiter, join } from 'node:path';
import { isExecutable } from '../cached-executable.js';
import { buildableVersion, cachedServer, executableName, temporalVersion } from './release.js';

/** An executable of Temporal's command line on this machine. */
export interface FoundServer {
  readonly path: string;
  readonly from: 'FOLDWISE_TEMPORAL' | 'PATH' | 'cache';
}

/** The `temporal` that is there already: named by FOLDWISE_TEMPORAL, on the PATH, or fetched before. */
export function findServer(env: NodeJS.ProcessEnv = process.env): FoundServer | null {
  const named = env['FOLDWISE_TEMPORAL'];
  if (named !== undefined && isExecutable(named)) return { path: named, from: 'FOLDWISE_TEMPORAL' };
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, executableName);
    if (folder !== '' && isExecutable(path)) return { path, from: 'PATH' };
  }
  for (const version of [temporalVersion, buildableVersion]) {
    const path = cachedServer(env, version);
    if (isExecutable(path)) return { path, from: 'cache' };
  }
  return null;
}
