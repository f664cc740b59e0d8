import { parse, resolve } from 'node:path';
import { crossChecks } from './checks.js';
import { problemsOf } from './issues.js';
import { complete, resolveModel } from './load.js';
import type { Matrix } from './matrix.js';
import type { Pipeline } from './pipeline.js';
import { maxProblems, PipelineFault, type Problem } from './problem.js';
import { pipelineSchema, type PipelineDocument } from './schema.js';
import { sizeProblems } from './size.js';

/** Resolving what is resolved changes nothing, whatever it is relative to. */
const root = parse(resolve()).root;

/**
 * A resolved pipeline that comes from outside, checked as its file would be. What a later version has
 * added is filled in, so that runs which began before go on.
 *
 * @throws PipelineFault, also for a path that is not absolute: where it leads would be the sender's choice
 */
export function requireResolved(value: unknown): Pipeline {
  const parsed = pipelineSchema.safeParse(value);
  const problems = [...problemsOf(parsed.error?.issues ?? [], value), ...crossChecks(value)];
  if (!parsed.success || problems.length > 0) throw faultOf(problems);
  const model = resolveModel(parsed.data.model, root);
  if (model === 'unresolved') throw faultOf([relative('model', 'checkpoint')]);
  const pipeline = complete(parsed.data, model, root);
  const given = parsed.data;
  const unresolved = [
    ...(model.checkpoint === given.model.checkpoint ? [] : [relative('model', 'checkpoint')]),
    ...relativeAxes(pipeline, given),
    ...(pipeline.data.train === given.data.train ? [] : [relative('data', 'train')]),
    ...(pipeline.data.test === given.data.test ? [] : [relative('data', 'test')]),
    ...sizeProblems(pipeline),
  ];
  if (unresolved.length > 0) throw faultOf(unresolved);
  return pipeline;
}

/** The checkpoints of a matrix, each of which is a member's. */
function relativeAxes(pipeline: Pipeline, given: PipelineDocument): Problem[] {
  return Object.keys(given.steps ?? {}).flatMap((step) => {
    const axis = (matrix: Matrix | undefined) => JSON.stringify(matrix?.['model.checkpoint']);
    const same = axis(pipeline.steps[step]?.matrix) === axis(given.steps?.[step]?.matrix);
    return same ? [] : [relative('steps', step, 'matrix', 'model.checkpoint')];
  });
}

function relative(...path: string[]): Problem {
  return { path, found: 'a path that is not resolved', expected: 'an absolute path' };
}

function faultOf(problems: readonly Problem[]): PipelineFault {
  const where = 'the pipeline of the call';
  return new PipelineFault(
    where,
    problems.slice(0, maxProblems + 1).map((problem) => ({ ...problem, where })),
  );
}
