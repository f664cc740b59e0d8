import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputFault } from '../errors/fault.js';
import { fileSha256, sha256 } from '../store/digest.js';
import { errorCode, storageFault } from '../store/faults.js';

const known = new Map<string, { readonly state: string; readonly digest: string }>();

/** SHA-256 of an input file; hashed again only when its size or time have changed. */
export async function inputDigest(path: string): Promise<string> {
  try {
    const status = await stat(path);
    if (!status.isFile() && !status.isDirectory()) throw notAFile(path);
    const { size, mtimeMs, ino } = status;
    const state = `${size} ${mtimeMs} ${ino}`;
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

/** One digest over files of a folder, their names included. */
export async function folderDigest(folder: string, files: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const file of files.toSorted()) lines.push(`${await inputDigest(join(folder, file))} ${file}`);
  return sha256(lines.join('\n'));
}
