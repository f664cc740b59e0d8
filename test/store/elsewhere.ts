import { join } from 'node:path';
import { FileCache } from '../../store/file-cache.js';
import { stateOver, type State } from '../../worker/state.js';
import type { MemoryObjects } from './memory-objects.js';

/** The state of a host's workdir whose store is elsewhere. */
export function stateElsewhere(workdir: string, objects: MemoryObjects): State {
  return stateOver(workdir, objects, new FileCache(objects, join(workdir, 'cache')));
}
