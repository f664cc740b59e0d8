import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what was fetched and built is kept for this user. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'foldwise');
}
