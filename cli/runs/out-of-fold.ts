import { join } from 'node:path';
import { memberOofFile } from '../../activities/records.js';
import { InputFault } from '../../errors/fault.js';
import { mixProbabilities } from '../../metrics/mixture.js';
import { idColumn } from '../../pipeline/pipeline.js';
import type { OutOfFoldTable } from '../../report/report-input.js';
import type { RunResult } from '../../report/run-result.js';
import { readOofFile, type OofFile } from './oof-file.js';

type OfRun = Pick<RunResult, 'labels' | 'ensemble' | 'configuration'>;

/** The out-of-fold predictions of a run as new rows get theirs: its members' mixed by their weights. */
export async function readOutOfFold(directory: string, result: OfRun): Promise<OutOfFoldTable> {
  const [first, ...others] = await readMembers(directory, result);
  if (result.ensemble === undefined) return first;
  const probabilities = mixProbabilities(
    [first, ...others].map((table) => table.probabilities),
    Object.values(result.ensemble.weights),
    result.labels.length,
  );
  return { ...first, probabilities };
}

/**
 * The out-of-fold predictions of each member that a run's ensemble is made of, in the order of their weights; of a
 * run without members the one table that it has.
 *
 * @throws InputFault where the tables do not belong together
 */
export async function readMembers(
  directory: string,
  { labels, ensemble, configuration }: OfRun,
): Promise<[OofFile, ...OofFile[]]> {
  const read = (name: string): Promise<OofFile> =>
    readOofFile(join(directory, name), labels, idColumn(configuration.data));
  if (ensemble === undefined) return [await read('oof.csv')];
  const tables: OofFile[] = [];
  for (const id of Object.keys(ensemble.weights)) tables.push(await read(memberOofFile(id)));
  const [first, ...others] = tables;
  if (first !== undefined && others.every(({ ids }) => ids.length === first.ids.length))
    return [first, ...others];
  throw new InputFault({
    where: directory,
    what: "the out-of-fold predictions of the ensemble's members do not belong together",
    found: `${tables.length} tables of ${new Set(tables.map(({ ids }) => ids.length)).size} sizes`,
    remedy: 'Start the run again: it writes the files anew.',
  });
}
