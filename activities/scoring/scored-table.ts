import type { OpenTable, TableFiles, TableUse } from '../table-files.js';
import { changedTable } from '../tables/prepared-chunk.js';
import type { ScorePlan } from './contracts.js';

/** What the table of a scoring is read for. */
export const scoredTable: TableUse = { where: 'table' };

/** The table of a plan, on any host. @throws InputFault where it is another by now, as far as that is known */
export async function openPlanned(
  tables: TableFiles,
  { path, sha256 }: Pick<ScorePlan['table'], 'path' | 'sha256'>,
): Promise<OpenTable> {
  const table = await tables.open(path, scoredTable);
  if (table.sha256 !== null && table.sha256 !== sha256) throw changedTable(path);
  return table;
}
