import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder, executableName } from './release.js';

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
  const cached = join(cacheFolder(env), executableName);
  return isExecutable(cached) ? { path: cached, from: 'cache' } : null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
