import { join, resolve } from 'node:path';
import type { Workdir } from '../workdir.js';

/** The folder of a run on this machine: given by the run's id, below the workdir's `runs/`, or by its path. */
export function runDirectory(run: string, { runs }: Workdir): string {
  return /[\\/]|^\.{1,2}$/.test(run) ? resolve(run) : join(runs, run);
}
