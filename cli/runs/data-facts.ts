import { fileName } from '../../report/places.js';
import type { RunResult } from '../../report/run-result.js';
import type { DataFacts } from '../facts/data-facts.js';

/** What a run was trained on. */
export function dataFacts({
  rows,
  data,
  configuration,
}: Pick<RunResult, 'rows' | 'data' | 'configuration'>): DataFacts {
  return { train: fileName(configuration.data.train), rows: rows.train, digest: data?.rows ?? null };
}
