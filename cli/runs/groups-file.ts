import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { groupsFile } from '../../activities/records.js';
import { Growing } from '../../data/column-file/growing.js';
import { readTable } from '../../data/csv.js';
import { groupColumns } from '../../data/results.js';
import { InputFault } from '../../errors/fault.js';

/**
 * The group of each training row of a run; null where rows were held out one by one.
 *
 * @param rows of its training table
 * @throws InputFault for a file that is not of these rows
 */
export async function readGroupsFile(directory: string, rows: number): Promise<Int32Array | null> {
  const path = join(directory, groupsFile);
  if (!existsSync(path)) return null;
  const groups = new Growing((length) => new Uint32Array(length));
  await readTable(path, (header) => {
    const place = header.place(groupColumns[1]);
    if (place === undefined) throw notOurs(path, `no column ${groupColumns[1]}`);
    return (cells) => groups.append(Number(cells[place]));
  });
  if (groups.length !== rows) throw notOurs(path, `${groups.length} rows`);
  return Int32Array.from(groups.values());
}

function notOurs(path: string, found: string): InputFault {
  return new InputFault({
    where: path,
    what: 'these are not the groups of this run',
    found,
    expected: 'the file that the run wrote, a line for each training row',
    remedy: 'Start the run again: it writes the files anew.',
  });
}
