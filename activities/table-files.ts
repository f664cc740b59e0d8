import type { ForeignFiles } from '../store/foreign-files.js';
import type { StoredTables } from '../store/stored-tables.js';
import { inputDigest } from './file-digests.js';
import { requireReadable, requireReadableObject } from './roots.js';
import { locationText, tableLocation, type TableLocation } from './table-location.js';

/** What a table is read for. */
export interface TableUse {
  /** The setting that names it. */
  readonly where: string;
  /** A larger one is of no use, and is not brought here. Default: what fits this machine. */
  readonly mostBytes?: number;
}

/** A table as a file of this machine. */
export interface OpenTable {
  readonly path: string;
  /** Where it lies, as faults and results say it. */
  readonly name: string;
  /** Of its bytes; null of a file of somebody's own, whose bytes may change while it is read. */
  readonly sha256: string | null;
}

/** Tables by their locations: whoever reads a table of somebody's asks here for its bytes. */
export interface TableFiles {
  /** @throws InputFault for what names no table, or one that may not be read */
  requireReadable(location: string, use: TableUse): Promise<void>;
  /** SHA-256 of the bytes that it has now. */
  digest(location: string, use: TableUse): Promise<string>;
  open(location: string, use: TableUse): Promise<OpenTable>;
}

export interface LocatedTablesOptions {
  /** See `requireReadable`; null trusts whoever names tables. */
  readonly roots: readonly string[] | null;
  readonly foreign: ForeignFiles;
  readonly stored: StoredTables;
}

/** Tables in files, in S3 and in the store of the runs: the only place that tells them apart. */
export class LocatedTables implements TableFiles {
  constructor(private readonly options: LocatedTablesOptions) {}

  async requireReadable(location: string, { where }: TableUse): Promise<void> {
    await this.readable(location, where);
  }

  async digest(location: string, { where, mostBytes = Infinity }: TableUse): Promise<string> {
    const found = await this.readable(location, where);
    switch (found.kind) {
      case 'file':
        return inputDigest(found.path);
      case 's3':
        return this.options.foreign.digest(found, mostBytes);
      case 'store':
        return found.sha256;
    }
  }

  async open(location: string, { where, mostBytes = Infinity }: TableUse): Promise<OpenTable> {
    const found = await this.readable(location, where);
    const name = locationText(found);
    switch (found.kind) {
      case 'file':
        return { path: found.path, name, sha256: null };
      case 's3':
        return { ...(await this.options.foreign.file(found, mostBytes)), name };
      case 'store':
        return { path: await this.options.stored.localPath(found), name, sha256: found.sha256 };
    }
  }

  private async readable(location: string, where: string): Promise<TableLocation> {
    const found = tableLocation(location, where);
    const { roots } = this.options;
    if (found.kind === 'file') await requireReadable(found.path, roots, where);
    if (found.kind === 's3') requireReadableObject(found, roots, where);
    // What was put into the store as a table is there for its workers to read.
    return found;
  }
}
