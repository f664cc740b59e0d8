import { InputFault } from '../errors/fault.js';
import { memberConfiguration } from './axes.js';
import { axesOf, combinationsOf, type Combination } from './matrix.js';
import type { Pipeline } from './pipeline.js';
import { requireResolved } from './resolved.js';

/** A member of the ensemble with the pipeline that trains it: without axes, as if it were the only one. */
export interface Member extends Combination {
  readonly pipeline: Pipeline;
}

/** The members of a pipeline's ensemble; itself alone where folds are the only axis. */
export function membersOf(pipeline: Pipeline): Member[] {
  return combinationsOf(axesOf(pipeline)).map((combination) => withPipeline(pipeline, combination));
}

/** @throws InputFault where the pipeline has no such member */
export function memberOf(pipeline: Pipeline, id: string): Member {
  const combinations = combinationsOf(axesOf(pipeline));
  const found = combinations.find((combination) => combination.id === id);
  if (found !== undefined) return withPipeline(pipeline, found);
  const names = combinations.slice(0, 10).map((combination) => combination.id);
  throw new InputFault({
    where: `pipeline ${pipeline.name}`,
    what: 'its matrix has no such member',
    expected: names.join(', ') || 'none: folds are its only axis',
  });
}

function withPipeline(pipeline: Pipeline, combination: Combination): Member {
  if (combination.id === '') return { ...combination, pipeline };
  return { ...combination, pipeline: requireResolved(memberConfiguration(pipeline, combination)) };
}

/** The checkpoints that a pipeline's members train from, each once. */
export function checkpointsOf(pipeline: Pipeline): string[] {
  return [...new Set(membersOf(pipeline).flatMap(({ pipeline: { model } }) => model.checkpoint ?? []))];
}
