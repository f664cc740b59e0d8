import { join } from 'node:path';
import type { EnsembleDefinition } from '../ensemble/definition.js';
import { InputFault } from '../errors/fault.js';
import type { RunResult } from '../report/run-result.js';
import { ensembleOf } from './ensemble.js';
import { modelFolder } from './records.js';

/**
 * The ensemble of a completed run.
 *
 * @param directory where the run's files are
 * @throws InputFault where the run has no models
 */
export async function ensembleOfRun(directory: string, result: RunResult): Promise<EnsembleDefinition> {
  const { folds, configuration, thresholds, calibration, ensemble } = result;
  if (folds.length === 0) {
    throw new InputFault({ where: directory, what: 'the run has no models', found: 'no fold' });
  }
  return ensembleOf({
    pipeline: configuration,
    thresholds,
    ...(calibration === undefined ? {} : { calibrators: calibration.calibrators }),
    cells: folds.map(({ member = '', fold }) => ({ member, fold })),
    ...(ensemble === undefined ? {} : { weights: ensemble.weights }),
    modelOf: (cell) => join(directory, modelFolder(cell)),
  });
}
