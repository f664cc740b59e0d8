import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readResultFile } from '../../activities/result-file.js';
import { InputFault } from '../../errors/fault.js';
import type { RunResult } from '../../report/run-result.js';

/**
 * The `result.json` of a run's directory.
 *
 * @throws InputFault where there is none, or one that cannot be read
 */
export async function readResult(directory: string): Promise<RunResult> {
  const path = join(directory, 'result.json');
  const result = await readResultFile(path);
  if (result !== null) return result;
  const started = existsSync(directory);
  throw new InputFault({
    where: path,
    what: started ? 'this run has no result' : 'there is no such run',
    found: 'no such file',
    remedy: started
      ? 'It has not completed, or its pipeline has no step of writeReport.'
      : 'Name a run that there is (`foldwise runs`), or set --workdir to the folder it was started in.',
  });
}

/** The results of all completed runs below `runs/`, in the order of their names. */
export async function readResults(runs: string): Promise<RunResult[]> {
  const names = await readdir(runs).catch(() => []);
  const found = await Promise.allSettled(names.sort().map((name) => readResult(join(runs, name))));
  return found.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}
