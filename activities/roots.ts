import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkpointsOf } from '../pipeline/members.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { InputFault } from '../errors/fault.js';
import { errorCode, storageFault } from '../store/faults.js';

export const rootsVariable = 'FOLDWISE_ROOTS';

/**
 * The folders that a worker may read where nothing else is said: those of FOLDWISE_ROOTS, parted as in PATH; without it
 * the workdir and the current folder. What names runs names paths alone, so this is the whole of what they can reach.
 */
export function defaultRoots(workdir: string, env: NodeJS.ProcessEnv = process.env): string[] {
  const named = (env[rootsVariable] ?? '').split(delimiter).filter((root) => root !== '');
  return named.length === 0 ? [workdir, process.cwd()] : named;
}

/**
 * Roots as folders of this machine: each is a path or a `file:` URI.
 *
 * @throws InputFault for what is neither: a root that never holds would only be missed when a run is refused
 */
export function requireRoots(roots: readonly string[]): string[] {
  return roots.map((root) => resolve(localPathOf(root, `the root ${root}`)));
}

/** The local path that a path or a `file:` URI names. Other schemes are refused. */
export function localPathOf(location: string, where: string): string {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(location)?.[1]?.toLowerCase();
  if (scheme === undefined) return location;
  if (scheme === 'file') return pathOfUri(location, where);
  throw new InputFault({
    where,
    what: 'this worker does not read that scheme',
    found: `${scheme}://`,
    expected: 'a path or a file:// URI',
  });
}

function pathOfUri(uri: string, where: string): string {
  try {
    return fileURLToPath(uri);
  } catch (error) {
    // It names another machine, or has an encoded slash.
    if (!(error instanceof TypeError)) throw error;
    throw new InputFault({
      where,
      what: 'that file URI names no file of this machine',
      expected: 'file:// and an absolute path, or a path',
    });
  }
}

/**
 * Refuses a path outside the folders that a worker may read: whoever reaches the namespace can name
 * any. Links are followed first. A path that does not exist is let through, for its reader to report.
 */
export async function requireReadable(
  path: string,
  roots: readonly string[] | null,
  where: string,
): Promise<void> {
  if (roots === null) return;
  const real = await resolved(path, where);
  if (real === null) return requireBelow(path, roots, where);
  const allowed = await Promise.all(roots.map(async (root) => (await resolved(root, where)) ?? root));
  requireBelow(real, allowed, where);
}

/**
 * Refuses a model of which a file is a link to elsewhere: what it leads to would become part of the
 * model that a run gives out. The hub's cache links from each snapshot to the blobs beside it, and these
 * may be links to blobs that all its repositories share.
 */
export async function requireModelFilesReadable(
  folder: string,
  files: readonly string[],
  roots: readonly string[] | null,
): Promise<void> {
  if (roots === null) return;
  const repository = dirname(dirname(folder));
  const isSnapshot = basename(dirname(folder)) === 'snapshots';
  const blobs = isSnapshot ? [join(repository, 'blobs')] : [];
  if (isSnapshot && basename(repository).startsWith('models--')) blobs.push(join(repository, '../blobs'));
  for (const file of files) {
    await requireReadable(join(folder, file), [...roots, folder, ...blobs], 'model.checkpoint');
  }
}

/** The files and folders that a pipeline reads: roots for a worker that works for it alone. */
export function rootsOf(pipeline: Pipeline): string[] {
  const { train, test } = pipeline.data;
  const tables = [
    localPathOf(train, 'data.train'),
    ...(test === undefined ? [] : [localPathOf(test, 'data.test')]),
  ];
  const folders = checkpointsOf(pipeline).filter((checkpoint) => isAbsolute(checkpoint));
  return [...tables, ...folders.flatMap((folder) => [folder, ...linksIn(folder)])];
}

/** Whoever names a folder of their own means what its links lead to. */
function linksIn(folder: string): string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isSymbolicLink() && existsSync(join(folder, entry.name)))
    .map(({ name }) => realpathSync(join(folder, name)));
}

/** Names of the hub are let through: they are fetched into the user's cache. */
export async function requireModelReadable(
  checkpoint: string,
  roots: readonly string[] | null,
): Promise<void> {
  if (/^(?:[\\/]|[A-Za-z]:[\\/])/.test(checkpoint))
    await requireReadable(checkpoint, roots, 'model.checkpoint');
}

function requireBelow(path: string, roots: readonly string[], where: string): void {
  const below = roots.some((root) => {
    const way = relative(root, path);
    return !way.startsWith('..') && !isAbsolute(way);
  });
  if (below) return;
  throw new InputFault({
    where,
    what: 'this worker may not read there',
    found: path,
    expected: `a path below ${roots.join(' or ')}`,
    remedy: `Move the file there, or start the worker with its folder as a root (--root or ${rootsVariable}).`,
  });
}

/** A NUL in it, a name that is too long, links in a circle. */
const unusable = ['ERR_INVALID_ARG_VALUE', 'ENAMETOOLONG', 'ELOOP'];

async function resolved(path: string, where: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (['ENOENT', 'ENOTDIR'].includes(code)) return null;
    if (!unusable.includes(code)) throw storageFault(error, path, 'following the path');
    throw new InputFault({ where, what: 'that path cannot be used', found: code });
  }
}
