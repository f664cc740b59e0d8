import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import type { RunResult } from '../../report/run-result.js';

const maxBytes = 64 * 1024 * 1024;

/**
 * The `result.json` of a run directory.
 *
 * @throws InputFault where there is none, or none that can be read
 */
export async function readResult(directory: string): Promise<RunResult> {
  const path = join(directory, 'result.json');
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw new SyntaxError('the file is too large');
    const result = JSON.parse(await readFile(path, 'utf8')) as Partial<RunResult> | null;
    if (typeof result?.run !== 'string' || !Array.isArray(result.folds))
      throw new SyntaxError('a field is missing');
    return result as RunResult;
  } catch (error) {
    throw new InputFault(
      {
        where: path,
        what: 'there is no readable result of a run',
        found: error instanceof SyntaxError ? 'something else' : 'no such file',
        remedy: 'Give a run that has completed, or set --workdir to the folder it was started in.',
      },
      { cause: error },
    );
  }
}

/** The results of all completed runs below `runs/`, in the order of their names. */
export async function readResults(runs: string): Promise<RunResult[]> {
  const names = await readdir(runs).catch(() => []);
  const found = await Promise.allSettled(names.sort().map((name) => readResult(join(runs, name))));
  return found.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}
