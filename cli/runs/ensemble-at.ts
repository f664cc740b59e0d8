import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensembleOfRun, storedEnsembleIn } from '../../activities/stored-ensemble.js';
import type { StoredEnsemble } from '../../ensemble/stored-ensemble.js';
import { InputFault } from '../../errors/fault.js';
import type { Workdir } from '../workdir.js';
import { readResult } from './results.js';
import { isPath, runDirectory } from './run-directory.js';
import { allFiles } from './stored-runs.js';

/**
 * The ensemble of a run, by any name of the run, or the one that lies in a folder: a run's directory or what was
 * exported. Where a name without a slash is a run's and a folder's, it is the run's.
 *
 * @throws InputFault where there is neither, and for a run that has not completed
 */
export async function ensembleAt(name: string, workdir: Workdir): Promise<StoredEnsemble> {
  const folder = await ensembleFolderAt(name, workdir);
  if (!existsSync(folder)) {
    throw new InputFault({
      where: folder,
      what: 'there is no such folder',
      expected: "a run's directory, or an exported ensemble",
    });
  }
  return isRun(folder) ? ensembleOfRun(folder, await readResult(folder)) : storedEnsembleIn(folder);
}

/** The folder that is meant. @throws InputFault for what names none */
export async function ensembleFolderAt(name: string, workdir: Workdir): Promise<string> {
  try {
    return await runDirectory(name, workdir, allFiles);
  } catch (fault) {
    // What is wrong with the name of a run is said of whatever is no folder either.
    if (!isPath(name) && statSync(name, { throwIfNoEntry: false })?.isDirectory() === true)
      return resolve(name);
    throw fault;
  }
}

/** A run's directory has its events from the start, and its result at the end. */
function isRun(folder: string): boolean {
  return ['events.ndjson', 'run.json', 'result.json'].some((name) => existsSync(join(folder, name)));
}
