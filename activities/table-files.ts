import { inputDigest } from './file-digests.js';
import { requireReadable } from './roots.js';
import { tableLocation } from './table-location.js';

/** What a table is read for. */
export interface TableUse {
  /** The setting that names it. */
  readonly where: string;
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

/** The tables that a worker may read, or whoever has no roots. */
export class LocatedTables implements TableFiles {
  /** @param roots see `requireReadable`; null trusts whoever names tables */
  constructor(private readonly roots: readonly string[] | null) {}

  async requireReadable(location: string, { where }: TableUse): Promise<void> {
    await requireReadable(tableLocation(location, where).path, this.roots, where);
  }

  async digest(location: string, use: TableUse): Promise<string> {
    await this.requireReadable(location, use);
    return inputDigest(tableLocation(location, use.where).path);
  }

  async open(location: string, use: TableUse): Promise<OpenTable> {
    await this.requireReadable(location, use);
    const { path } = tableLocation(location, use.where);
    return { path, name: path, sha256: null };
  }
}
