import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkpointsOf } from '../pipeline/members.js';
import { namesUser, schemeOf } from '../pipeline/location.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { InputFault } from '../errors/fault.js';
import { inWords } from '../errors/system-codes.js';
import { errorCode, storageFault } from '../store/faults.js';
import { isBelow, s3Prefix, uriOf, type S3Object } from '../store/s3/address.js';

export const rootsVariable = 'FOLDWISE_ROOTS';

/**
 * What a worker may read where nothing else is said: what FOLDWISE_ROOTS names, parted as in PATH; without it the
 * workdir and the current folder. Besides tables of the store, this is the whole of what runs can reach.
 */
export function defaultRoots(workdir: string, env: NodeJS.ProcessEnv = process.env): string[] {
  const named = partsOf(env[rootsVariable] ?? '').filter((root) => root !== '');
  return named.length === 0 ? [...new Set([workdir, process.cwd()])] : named;
}

/** A colon before two slashes parts nothing: it is that of `s3://` or `file://`. */
function partsOf(roots: string): string[] {
  return roots.split(delimiter === ':' ? /:(?!\/\/)/ : delimiter);
}

/**
 * Roots in the form in which they are compared: folders of this machine, each given as a path or a `file:` URI, and
 * `s3://bucket` or `s3://bucket/prefix`.
 *
 * @throws InputFault for what is neither: a root that never holds would only be missed when a run is refused
 */
export function requireRoots(roots: readonly string[]): string[] {
  return roots.map((root) => {
    if (namesUser(root)) throw strangeRoot('an address with a user or a password in it');
    if (schemeOf(root) !== 's3') return resolve(localPathOf(root, `the root ${root}`));
    const prefix = s3Prefix(root);
    if (prefix === null) throw strangeRoot(root);
    return uriOf(prefix);
  });
}

function strangeRoot(found: string): InputFault {
  return new InputFault({
    where: `--root or ${rootsVariable}`,
    what: 'this is no root',
    found,
    expected: 'a folder, or s3://bucket or s3://bucket/prefix, the prefix without empty parts, . or .. in it',
  });
}

/** The local path that a path or a `file:` URI names. Other schemes are refused. */
export function localPathOf(location: string, where: string): string {
  const scheme = schemeOf(location);
  if (scheme === null) return location;
  if (scheme === 'file') return pathOfUri(location, where);
  throw new InputFault({
    where,
    what: 'this worker does not read that scheme',
    found: `${scheme}:`,
    expected: 'a path or a file:// URI; of a table also s3://bucket/key or store:tables/…',
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
  const folders = roots.filter((root) => schemeOf(root) === null);
  if (real === null) return requireBelow(path, folders, where);
  const allowed = await Promise.all(folders.map(async (root) => (await resolved(root, where)) ?? root));
  requireBelow(real, allowed, where);
}

/** Refuses an object in S3 that is neither one of the roots nor below one of them. */
export function requireReadableObject(
  object: S3Object,
  roots: readonly string[] | null,
  where: string,
): void {
  if (roots === null) return;
  const prefixes = roots.flatMap((root) => s3Prefix(root) ?? []);
  if (prefixes.some((prefix) => isBelow(object, prefix))) return;
  throw new InputFault({
    where,
    what: 'this worker may not read there',
    found: uriOf(object),
    expected:
      prefixes.length === 0 ? 'no object in S3 at all' : `one below ${prefixes.map(uriOf).join(' or ')}`,
    remedy: `Start the worker with its bucket or its prefix as a root (--root s3://bucket/prefix, or ${rootsVariable}).`,
  });
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

/** The files, objects and folders that a pipeline reads: roots for a worker that works for it alone. */
export function rootsOf(pipeline: Pipeline): string[] {
  const { train, test } = pipeline.data;
  const tables = [rootOf(train), ...(test === undefined ? [] : [rootOf(test)])].flat();
  const folders = checkpointsOf(pipeline).filter((checkpoint) => isAbsolute(checkpoint));
  return [...tables, ...folders.flatMap((folder) => [folder, ...linksIn(folder)])];
}

/** The one table as a root; those of the store need none. */
export function rootOf(table: string): string[] {
  switch (schemeOf(table)) {
    case 'store':
      return [];
    case 's3':
      return [table];
    default:
      return [localPathOf(table, 'a table')];
  }
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
    expected: roots.length === 0 ? 'no file at all' : `a path below ${roots.join(' or ')}`,
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
    throw new InputFault({ where, what: 'that path cannot be used', found: inWords(code) });
  }
}
