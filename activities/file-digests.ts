import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputFault } from '../errors/fault.js';
import { fileSha256, sha256 } from '../store/digest.js';
import { errorCode, storageFault } from '../store/faults.js';

const known = new Map<string, { readonly state: string; readonly digest: string }>();

/**
 * SHA-256 of an input file; hashed again only when its state has changed. That includes the time of its last
 * change of any kind, which nobody can set: a copy that keeps size and time of the former file shows by it.
 */
export async function inputDigest(path: string): Promise<string> {
  try {
    const status = await stat(path, { bigint: true });
    if (!status.isFile() && !status.isDirectory()) throw notAFile(path);
    const { dev, ino, size, mtimeNs, ctimeNs } = status;
    const state = [dev, ino, size, mtimeNs, ctimeNs].join(' ');
    const former = known.get(path);
    if (former?.state === state) return former.digest;
    const digest = await fileSha256(path);
    known.set(path, { state, digest });
    return digest;
  } catch (error) {
    const what = mistakes[errorCode(error) ?? ''];
    if (what === undefined) throw storageFault(error, path, 'reading the file');
    throw new InputFault({ where: path, what, remedy: 'Correct the path in the pipeline.' });
  }
}

/** What of the file system's answers is the path's fault: trying again finds the same. */
const mistakes: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'this is a folder, not a file',
  ENAMETOOLONG: 'a name in the path is too long',
  ELOOP: 'links lead in a circle',
  ERR_INVALID_ARG_VALUE: 'the path has a NUL in it',
};

/** A pipe or a device: reading it may never end. */
function notAFile(path: string): InputFault {
  return new InputFault({
    where: path,
    what: 'this is not a file',
    remedy: 'Correct the path in the pipeline.',
  });
}

/** The digest of each of those files of a folder, by name. */
export async function fileDigests(folder: string, files: readonly string[]): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const file of files.toSorted()) digests[file] = await inputDigest(join(folder, file));
  return digests;
}

/** One digest over files of a folder, their names included. */
export function folderDigest(digests: Readonly<Record<string, string>>): string {
  const names = Object.keys(digests).sort();
  return sha256(names.map((name) => `${digests[name]} ${name}`).join('\n'));
}
