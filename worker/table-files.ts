import { LocatedTables, type TableFiles } from '../activities/table-files.js';

/** The tables that a process reads by their locations. @param roots null trusts whoever names tables */
export function openTableFiles(roots: readonly string[] | null): TableFiles {
  return new LocatedTables(roots);
}
