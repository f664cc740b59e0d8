import { join } from 'node:path';
import { isExported, manifestName, readExportedEnsemble } from '../ensemble/exported-ensemble.js';
import type { StoredEnsemble } from '../ensemble/stored-ensemble.js';
import { InputFault } from '../errors/fault.js';
import type { RunResult } from '../report/run-result.js';
import { ensembleOf } from './ensemble.js';
import { modelFolder } from './records.js';
import { readResultFile } from './result-file.js';

/**
 * The ensemble in a folder: an exported one, or the directory of a completed run.
 *
 * @throws InputFault where the folder holds none
 */
export async function storedEnsembleIn(folder: string): Promise<StoredEnsemble> {
  if (isExported(folder)) return readExportedEnsemble(folder);
  const result = await readResultFile(join(folder, 'result.json'));
  if (result !== null) return ensembleOfRun(folder, result);
  throw new InputFault({
    where: folder,
    what: 'there is no ensemble in this folder',
    expected: `${manifestName} of an exported ensemble, or result.json of a completed run`,
  });
}

/**
 * The ensemble of a completed run.
 *
 * @param directory where the run's files are
 * @throws InputFault where the run has no models
 */
export async function ensembleOfRun(directory: string, result: RunResult): Promise<StoredEnsemble> {
  const { run, pipeline, folds, configuration, thresholds, calibration, ensemble } = result;
  if (folds.length === 0) {
    throw new InputFault({ where: directory, what: 'the run has no models', found: 'no fold' });
  }
  const definition = await ensembleOf({
    pipeline: configuration,
    thresholds,
    ...(calibration === undefined ? {} : { calibrators: calibration.calibrators }),
    cells: folds.map(({ member = '', fold }) => ({ member, fold })),
    ...(ensemble === undefined ? {} : { weights: ensemble.weights }),
    modelOf: (cell) => join(directory, modelFolder(cell)),
  });
  const { text, id, target } = configuration.data;
  return {
    definition,
    run,
    pipeline,
    columns: { text, ...(id === undefined ? {} : { id }), ...(target === undefined ? {} : { target }) },
  };
}
