import type { z } from 'zod';
import { InputFault } from '../errors/fault.js';
import { requireDecrypted } from '../payloads/unreadable.js';
import { foldTotal } from '../pipeline/folds.js';
import { expectation } from '../pipeline/issues.js';
import { axesOf, cellId, combinationsOf, type Cell } from '../pipeline/matrix.js';
import type { ActivityName } from '../pipeline/pipeline.js';
import { renderPath, type Path } from '../pipeline/problem.js';
import {
  confirmCallSchema,
  lookupCallSchema,
  pipelineInputSchema,
  type CallOf,
  type ConfirmCall,
  type InputsOf,
  type LookupCall,
  type OutputOf,
  type PipelineInput,
} from './contracts.js';
import { records } from './records.js';

/*
 * Whoever reaches the namespace can call every activity with anything. Before one reads or writes, its
 * argument has gone through one of these; what comes out is built of checked parts alone.
 */

/** @throws InputFault naming what does not fit; never quoting it */
export function requirePipelineInput(input: unknown): PipelineInput {
  const where = 'the workflow input';
  requireShallow(input, where);
  return checked(
    pipelineInputSchema,
    input,
    where,
    '`foldwise config FILE` prints such an input: {"pipeline": <map, path or file URI>, "overrides"?: {…}, "run"?: <name>, "fresh"?: <boolean>}.',
  );
}

/** @throws InputFault also for a step that the call's pipeline does not have */
export function requireLookup(input: unknown): LookupCall {
  const where = 'the call of lookupSteps';
  const call = checked(lookupCallSchema, input, where);
  const step = Object.hasOwn(call.pipeline.steps, call.step) ? call.pipeline.steps[call.step] : undefined;
  if (step === undefined) throw new InputFault({ where, what: 'the pipeline has no such step' });
  if ((step.matrix === undefined) !== (call.cells === null))
    throw new InputFault({ where, what: 'the cells are not those of the step' });
  requireCells(where, call.cells ?? [], call);
  requireInputs(step.run, call.inputs, call);
  return call;
}

/** @throws InputFault */
export function requireConfirmation(input: unknown): ConfirmCall {
  const where = 'the call of confirmResults';
  requireShallow(input, where);
  return checked(confirmCallSchema, input, where);
}

/** @throws InputFault also where the parts of the call do not go together */
export function requireCall<Name extends ActivityName>(activity: Name, input: unknown): CallOf<Name> {
  const where = `the call of ${activity}`;
  const call = checked(records[activity].call, input, where);
  const { steps } = call.pipeline;
  const step = Object.hasOwn(steps, call.step) ? steps[call.step] : undefined;
  if (step?.run !== activity) throw new InputFault({ where, what: 'the pipeline has no such step of it' });
  if ('fold' in call) requireCells(where, [call], call);
  requireTogether(where, call.inputs, call);
  return call;
}

/** The outputs of other steps that one is given. @throws InputFault */
export function requireInputs<Name extends ActivityName>(
  activity: Name,
  inputs: unknown,
  call: Pick<LookupCall, 'pipeline'>,
): InputsOf<Name> {
  const where = `the inputs of ${activity}`;
  const found = checked(records[activity].inputs, inputs, where);
  requireTogether(where, found, call);
  return found;
}

/** Null for what is no output of the activity: of a damaged record, or one of an earlier version. */
export function outputOf<Name extends ActivityName>(activity: Name, value: unknown): OutputOf<Name> | null {
  const parsed = records[activity].output.safeParse(value);
  return parsed.success ? parsed.data : null;
}

function requireTogether(where: string, inputs: AnyInputs, { pipeline }: Pick<LookupCall, 'pipeline'>): void {
  const cells = inputs.fold ?? [];
  requireCells(where, cells, { pipeline });
  if (new Set(cells.map(cellId)).size < cells.length || inputs.fold?.length === 0)
    throw new InputFault({ where, what: 'the trained folds are not one or more, each once' });
  if (inputs.thresholds === undefined) return;
  const { thresholds } = inputs.thresholds;
  if (!pipeline.labels.every((label) => Object.hasOwn(thresholds, label)))
    throw new InputFault({ where, what: 'there is not a threshold for every label' });
}

/** The inputs of any activity: writeReport is given the most. */
type AnyInputs = Partial<InputsOf<'writeReport'>>;

function requireCells(
  where: string,
  cells: readonly Cell[],
  { pipeline }: Pick<LookupCall, 'pipeline'>,
): void {
  const count = foldTotal(pipeline.folds);
  const beyond = cells.find(({ fold }) => fold > count);
  if (beyond !== undefined)
    throw new InputFault({
      where,
      what: 'there is no such fold',
      found: `fold ${beyond.fold}`,
      expected: `1 to ${count}`,
    });
  const members = new Set(combinationsOf(axesOf(pipeline)).map(({ id }) => id));
  if (cells.every(({ member }) => members.has(member))) return;
  throw new InputFault({ where, what: 'the matrix of the pipeline has no such member' });
}

/** More are not told: the message travels, and one is enough to refuse. */
const mostIssues = 5;
const mostOfPath = 100;

/** @throws InputFault naming what does not have the form that it must have */
export function checked<T>(schema: z.ZodType<T>, value: unknown, where: string, remedy?: string): T {
  requireDecrypted(value, where);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const found = parsed.error.issues.slice(0, mostIssues).map((issue) => {
    const path = renderPath(issue.path as Path).slice(0, mostOfPath);
    const extra =
      issue.code === 'unrecognized_keys' ? 'no field of another name' : expectation(issue, undefined);
    return path === '' ? extra : `${path}: ${extra}`;
  });
  throw new InputFault({
    where,
    what: 'it does not have the form that it must have',
    expected: found.join('; '),
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** Deeper than any pipeline; what is made into text again recurses as deep as it nests. */
const mostLevels = 40;

/** @throws InputFault for lists and maps that nest deeper than anything of ours */
export function requireShallow(value: unknown, where: string): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > mostLevels)
      throw new InputFault({
        where,
        what: 'lists and maps are nested too deeply',
        expected: `at most ${mostLevels} levels`,
      });
    level = level.flatMap((entry) =>
      typeof entry === 'object' && entry !== null ? (Object.values(entry) as unknown[]) : [],
    );
  }
}
