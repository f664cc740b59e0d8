import { homedir } from 'node:os';
import { join } from 'node:path';

/** The release of Temporal's command line that carries the dev server; the last that `go install` builds. */
export const temporalVersion = '1.5.1';

export const executableName = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

/** Where this user's fetched servers are kept, one folder per version. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const base = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, 'foldwise', `temporal-${temporalVersion}`);
}
