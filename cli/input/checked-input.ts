import { checkTables } from '../../activities/pipeline-tables.js';
import type { DataFacts } from '../../data/hygiene/data-facts.js';
import { planSteps, type PlannedStep } from '../../pipeline/dag.js';
import { readPipeline } from '../../pipeline/load.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { openTableFiles } from '../../worker/table-files.js';
import type { Workdir } from '../workdir.js';

/** A pipeline that was looked at as its first steps will, with what they will find. */
export interface CheckedInput {
  readonly pipeline: Pipeline;
  readonly steps: readonly PlannedStep[];
  /** `test` is null for a pipeline without rows to predict. */
  readonly rows: { readonly train: number; readonly test: number | null };
  readonly facts: DataFacts;
  readonly warnings: readonly string[];
}

/**
 * Reads a pipeline and its tables and deals out the folds: whatever a person has to change in them is
 * said before a server is started or anything is written.
 *
 * @throws InputFault at the first file that cannot be used, with all faults of a pipeline's file
 */
export async function checkInput(
  file: string,
  overrides: Readonly<Record<string, string>>,
  workdir: Workdir,
): Promise<CheckedInput> {
  return checkPipeline(readPipeline(file, { overrides }), workdir);
}

/** The same for a pipeline that was read. */
export async function checkPipeline(pipeline: Pipeline, { path }: Workdir): Promise<CheckedInput> {
  const steps = planSteps(pipeline);
  const { rows, facts, warnings } = await checkTables(pipeline, openTableFiles(path, null));
  return { pipeline, steps, rows, facts, warnings };
}
