import { statSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InputFault } from '../errors/fault.js';
import { makeFolder } from '../store/durable-file.js';
import { errorCode } from '../store/faults.js';
import { systemFailure } from './foreign-failure.js';

/** The folders below which a command writes all it writes. */
export interface Workdir {
  readonly path: string;
  /** Server file, artifact store and keys. */
  readonly state: string;
  /** One directory per run. */
  readonly runs: string;
  /** One directory per scoring of a table. */
  readonly scores: string;
}

/**
 * `directory` relative to the folder the command was started in; by default that folder. None of it need
 * be there yet.
 *
 * @throws InputFault where something else than a folder is in a folder's place
 */
export function workdirAt(directory = '.'): Workdir {
  const path = resolve(directory);
  const workdir = {
    path,
    state: join(path, '.foldwise'),
    runs: join(path, 'runs'),
    scores: join(path, 'scores'),
  };
  for (const folder of [path, workdir.state, workdir.runs]) requireFolder(folder);
  return workdir;
}

/**
 * The same for a command that writes there, the folders made.
 *
 * @throws InputFault where nothing can be written
 */
export async function writableWorkdir(directory?: string): Promise<Workdir> {
  const workdir = workdirAt(directory);
  for (const folder of [workdir.path, workdir.state, workdir.runs]) {
    try {
      await makeFolder(folder);
      await access(folder, constants.W_OK);
    } catch (error) {
      const failure = systemFailure(error);
      if (failure === null) throw error;
      const { place, meaning } = failure;
      throw new InputFault(
        {
          where: workdir.path,
          what: 'nothing can be written into this workdir',
          found: place === workdir.path ? meaning : `${meaning} (${place})`,
          remedy: 'Name another one with --workdir.',
        },
        { cause: error },
      );
    }
  }
  return workdir;
}

function requireFolder(path: string): void {
  try {
    // Nothing there is fine: what writes makes it.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== false) return;
  } catch (error) {
    if (errorCode(error) !== 'ENOTDIR') return;
  }
  throw new InputFault({
    where: path,
    what: 'this folder of the workdir cannot be used',
    found: 'a file in its place, or in that of a folder above it',
    remedy: 'Move the file away, or name another folder with --workdir.',
  });
}
