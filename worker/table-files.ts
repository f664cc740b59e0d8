import { LocatedTables, type TableFiles } from '../activities/table-files.js';
import { ForeignFiles } from '../store/foreign-files.js';
import { ForeignObjects } from '../store/s3/foreign-objects.js';
import { StoredTables } from '../store/stored-tables.js';
import { cacheFolder, cacheOptions, openStorePlace, scratchFolder, type Around } from './store-place.js';

/**
 * The tables that a process reads by their locations, with the cache of a workdir.
 *
 * @param roots null trusts whoever names tables
 * @param around see `openStorePlace`
 */
export function openTableFiles(
  workdir: string,
  roots: readonly string[] | null,
  around?: Around,
): TableFiles {
  return new LocatedTables({
    roots,
    foreign: new ForeignFiles(new ForeignObjects(), cacheFolder(workdir), cacheOptions()),
    stored: openStoredTables(workdir, around),
  });
}

/** The tables that people put into the store that a workdir works with. */
export function openStoredTables(workdir: string, around?: Around): StoredTables {
  const { objects, files } = openStorePlace(workdir, { around });
  return new StoredTables(objects, files, scratchFolder(workdir));
}
