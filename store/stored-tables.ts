import { constants } from 'node:fs';
import { copyFile, rm, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { EnvironmentFault, InputFault } from '../errors/fault.js';
import { fileSha256 } from './digest.js';
import { makeFolder } from './durable-file.js';
import { errorCode, storageFault } from './faults.js';
import type { LocalFiles } from './local-files.js';
import type { ObjectStore } from './objects/object-store.js';
import { temporaryName } from './temporary-file.js';

/** A table that somebody put into the store: named by its bytes, which no later ones replace. */
export interface StoredTable {
  readonly sha256: string;
  /** As its file was called. */
  readonly file: string;
}

/** The objects that can be named from outside; all others are of runs. */
export const storedTablesPrefix = 'tables/';

const pattern = /^store:tables\/([0-9a-f]{64})\/([A-Za-z0-9_-][A-Za-z0-9._-]{0,99})$/;
const mostOfName = 100;

/** The table that `store:tables/<SHA-256>/<file>` names; null for what names none. */
export function storedTable(uri: string): StoredTable | null {
  const [, sha256, file] = pattern.exec(uri) ?? [];
  return sha256 === undefined || file === undefined ? null : { sha256, file };
}

export function uriOfTable({ sha256, file }: StoredTable): string {
  return `store:${storedTablesPrefix}${sha256}/${file}`;
}

/** Tables that people put into the store, `tables/<SHA-256>/<file>`, for runs to read. */
export class StoredTables {
  constructor(
    private readonly objects: ObjectStore,
    private readonly files: LocalFiles,
    /** Folder of files on their way into the store, on its disk. */
    private readonly scratch: string,
  ) {}

  /** Stores a file's bytes as they are now; again does no harm. */
  async put(path: string): Promise<StoredTable> {
    // Of its own, so that what is hashed is what is stored.
    const copy = temporaryName(join(this.scratch, 'table'));
    try {
      await makeFolder(this.scratch);
      await requireFile(path);
      await copyFile(path, copy, constants.COPYFILE_FICLONE);
      const table = { sha256: await fileSha256(copy), file: nameFor(path) };
      await this.objects.put(nameOf(table), { path: copy, move: true });
      return table;
    } catch (error) {
      throw storageFault(error, path, 'putting it into the store');
    } finally {
      await rm(copy, { force: true });
    }
  }

  /** A file of this machine with its bytes; read-only. @throws InputFault where the store has none of that name */
  async localPath(table: StoredTable): Promise<string> {
    const where = uriOfTable(table);
    const file = await this.files.verified(nameOf(table), table.sha256).catch((error: unknown) => {
      throw storageFault(error, where, 'reading a table of the store');
    });
    if (file?.intact === true) return file.path;
    if (file === null)
      throw new InputFault({
        where,
        what: 'there is no such table in the store',
        expected: `one of ${this.objects.place}`,
        remedy: 'Put it there with `foldwise store put FILE`, or name the store that has it with --store.',
      });
    throw new EnvironmentFault({
      where,
      what: 'the table is damaged in the store',
      expected: 'bytes with the SHA-256 of its name',
      remedy: 'Put it there again with `foldwise store put FILE`.',
    });
  }
}

function nameOf({ sha256, file }: StoredTable): string {
  return `${storedTablesPrefix}${sha256}/${file}`;
}

async function requireFile(path: string): Promise<void> {
  const isFile = await stat(path).then(
    (facts) => facts.isFile(),
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return false;
      throw error;
    },
  );
  if (isFile) return;
  throw new InputFault({ where: path, what: 'there is no such file', expected: 'a table' });
}

/** What its file is called, in characters that names of objects have; the end tells the format. */
function nameFor(path: string): string {
  const plain = (text: string): string => text.replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  const end = plain(extname(path)).slice(0, 20);
  const stem = plain(basename(path, extname(path))).replace(/^[.-]+/, '');
  return `${stem.slice(0, mostOfName - end.length) || 'table'}${end}`;
}
