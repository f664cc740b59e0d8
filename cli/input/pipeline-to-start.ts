import { readPipeline } from '../../pipeline/load.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { CheckOption, PipelineArguments } from '../options.js';
import { workdirAt } from '../workdir.js';
import { checkInput } from './checked-input.js';
import { checkModel } from './checked-model.js';

/**
 * The pipeline of a run that workers elsewhere will do: looked at as they will look at it, but for their memory, so
 * that what a person has to change is said now and not by a run that fails; without `check`, the file alone.
 */
export async function pipelineToStart(
  file: string,
  { set = {}, check, workdir }: PipelineArguments & CheckOption,
): Promise<Pipeline> {
  if (!check) return readPipeline(file, { overrides: set });
  const place = workdirAt(workdir);
  const { pipeline } = await checkInput(file, set, place);
  await checkModel(pipeline, { workdir: place, onDownload: null, devices: null });
  return pipeline;
}
