import { join, resolve } from 'node:path';

/** The folders below which a command writes all it writes. */
export interface Workdir {
  readonly path: string;
  /** Server file, artifact store and keys. */
  readonly state: string;
  /** One directory per run. */
  readonly runs: string;
}

/** `directory` relative to the folder the command was started in; by default that folder. */
export function workdirAt(directory = '.'): Workdir {
  const path = resolve(directory);
  return { path, state: join(path, '.foldwise'), runs: join(path, 'runs') };
}
