import { defaultRoots, requireRoots } from '../../activities/roots.js';
import { Fault } from '../../errors/fault.js';
import type { Workdir } from '../workdir.js';
import type { Check } from './check.js';

/** What a worker of this workdir may read where its command names no roots. */
export function rootsCheck({ path }: Workdir): Check {
  const name = 'roots';
  try {
    const roots = requireRoots(defaultRoots(path));
    return { name, state: 'fine', found: `workers read below ${roots.join(', ')}, and tables of the store` };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { name, state: 'missing', found: error.message };
  }
}
