import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import { nearest } from '../../errors/suggestion.js';
import { runNameOf } from '../../pipeline/run-name.js';
import type { Workdir } from '../workdir.js';
import { readLocalRuns, type LocalRun } from './local-runs.js';
import { bringRun, withoutModels, type Wanted } from './stored-runs.js';

/** In place of a run's name: the one that was started last. */
export const latest = 'latest';

/** Runs that are named where none fits. */
const listed = 5;

/**
 * The folder of a run on this machine, by any of its names: `latest`, the run's id, its workflow id, the
 * id of the workflow's run, or a path to the folder. Files that other hosts made are brought into it.
 *
 * @throws InputFault naming the latest runs there are
 */
export async function runDirectory(
  name: string,
  workdir: Workdir,
  isWanted: Wanted = withoutModels,
): Promise<string> {
  if (isPath(name)) return resolve(name);
  const found = await findLocalRun(name, workdir);
  if (found !== undefined) {
    if (found.stored !== null) await bringRun(workdir, found.run, isWanted);
    return found.directory;
  }
  const known = (await readLocalRuns(workdir)).map(({ run }) => run);
  throw unknownRun(name, known, {
    what: `there is no such run below ${workdir.runs}`,
    remedy: 'Name one of its runs, or set --workdir to the folder that it was started in.',
  });
}

/** The run in this workdir that has the name; the latest of them where it is a workflow's. */
export async function findLocalRun(name: string, workdir: Workdir): Promise<LocalRun | undefined> {
  const runs = await readLocalRuns(workdir);
  if (name === latest) return runs[0];
  return runs.find(({ run }) => run === name) ?? runs.find(({ execution }) => isNameOf(name, execution));
}

/** Whether a name is that of a workflow or of its run. */
export function isNameOf(name: string, execution: LocalRun['execution']): boolean {
  if (execution === null) return false;
  return [execution.workflowId, execution.runId, runNameOf(execution)].includes(name);
}

export function isPath(name: string): boolean {
  return /[\\/]|^\.{1,2}$/.test(name);
}

/** The run's id where a name is the path of its folder; else the name. */
export function nameOfPath(name: string, { runs }: Workdir): string {
  const path = resolve(name);
  return isPath(name) && (dirname(path) === resolve(runs) || existsSync(join(path, 'events.ndjson')))
    ? basename(path)
    : name;
}

export function unknownRun(
  name: string,
  known: readonly string[],
  { what, remedy }: { readonly what: string; readonly remedy: string },
): InputFault {
  const near = nearest(name, known);
  return new InputFault({
    where: `run ${name}`,
    what,
    found: known.length === 0 ? 'no run at all' : known.slice(0, listed).join(', '),
    remedy: near === undefined ? remedy : `Did you mean ${near}? ${remedy}`,
  });
}
