import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputFault } from '../errors/fault.js';
import { fileSha256, sha256 } from '../store/digest.js';
import { errorCode, storageFault } from '../store/faults.js';

const known = new Map<string, { readonly state: string; readonly digest: string }>();

/** SHA-256 of an input file; hashed again only when its size or time have changed. */
export async function inputDigest(path: string): Promise<string> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    const state = `${size} ${mtimeMs} ${ino}`;
    const former = known.get(path);
    if (former?.state === state) return former.digest;
    const digest = await fileSha256(path);
    known.set(path, { state, digest });
    return digest;
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EISDIR')
      throw storageFault(error, path, 'reading the file');
    throw new InputFault({
      where: path,
      what: code === 'EISDIR' ? 'this is a folder, not a file' : 'there is no such file',
      remedy: 'Correct the path in the pipeline.',
    });
  }
}

/** One digest over files of a folder, their names included. */
export async function folderDigest(folder: string, files: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const file of files.toSorted()) lines.push(`${await inputDigest(join(folder, file))} ${file}`);
  return sha256(lines.join('\n'));
}
