import type { Readable } from 'node:stream';
import { predictRows } from '../../activities/ensemble.js';
import { withScratch } from '../../activities/scratch.js';
import { writeTestTable } from '../../data/dataset.js';
import type { StoredEnsemble } from '../../ensemble/stored-ensemble.js';
import { count } from '../../report/notation.js';
import { copyDurably } from '../../store/durable-file.js';
import { storageFault } from '../../store/faults.js';
import { createServices } from '../../worker/services.js';
import { withStandardInput } from './standard-input.js';

export interface PredictRequest {
  /** A CSV file, or a stream of one. */
  readonly source: string | Readable;
  readonly ensemble: StoredEnsemble;
  readonly workdir: string;
  /** Labels as `submission.csv` has them, or probabilities as `predictions.csv` does. */
  readonly kind: 'submission' | 'predictions';
  /** The file to write, or what takes it to where it belongs. */
  readonly target: string | ((file: string) => Promise<void>);
  /** Told in words how far it is. */
  readonly onProgress: (text: string) => void;
}

/** Predicts a table as a run predicts its own test table: read, checked, scored and decided alike. */
export async function predictTable(
  request: PredictRequest,
): Promise<{ readonly rows: number; readonly models: number; readonly warnings: readonly string[] }> {
  const { source, ensemble, workdir, kind, target, onProgress } = request;
  const { definition, columns } = ensemble;
  const services = createServices({ workdir, roots: null, searchAttributes: false });
  const { threads } = services;
  const { signal } = new AbortController();
  return withScratch(services, ['input', 'table', 'predicted'], async ({ input, table, predicted }) => {
    const asked = { id: undefined, ...columns, labels: definition.labels };
    const read = (file: string) => writeTestTable(file, asked, table);
    const { rows, warnings } = await (typeof source === 'string'
      ? read(source)
      : withStandardInput(source, input, read));
    onProgress(`${count(rows)} rows to score`);
    const { models } = await predictRows(services, {
      ensemble: definition,
      columns,
      table,
      threads,
      signal,
      onScored: (scored, all) => onProgress(`model ${scored} of ${all} has scored them`),
      output: { [kind]: predicted },
    });
    try {
      await (typeof target === 'string' ? copyDurably(predicted, target) : target(predicted));
    } catch (error) {
      throw storageFault(
        error,
        typeof target === 'string' ? target : 'standard output',
        'writing the predictions',
      );
    }
    return { rows, models, warnings };
  });
}
