import { isAbsolute } from 'node:path';
import { keyOf, type UncheckedOccasion } from '../../activities/identity.js';
import type { Services } from '../../activities/services.js';
import type { PlannedStep } from '../../pipeline/dag.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

/** How much of a step earlier runs have done already. */
export interface StepReuse {
  readonly step: string;
  /** Members (or 1 for a plain step) whose output is recorded, and their number. */
  readonly reused: number;
  readonly of: number;
}

type State = Pick<Services, 'keys' | 'models' | 'engineSignature' | 'roots' | 'device' | 'threads'>;

/**
 * Looks up what a run of the pipeline would reuse on this machine. A step whose inputs are not there yet
 * counts as not reused: what it will be given is not known before.
 */
export async function findReuse(
  pipeline: Pipeline,
  steps: readonly PlannedStep[],
  state: State,
): Promise<StepReuse[]> {
  const outputs = new Map<string, unknown>();
  const found: StepReuse[] = [];
  for (const step of steps) {
    const members = step.members.length === 0 ? [undefined] : step.members;
    const inputs = inputsOf(step, outputs);
    const recorded = inputs === null ? [] : await lookUp(pipeline, step, members, inputs, state);
    if (recorded.length === members.length)
      outputs.set(step.name, step.members.length === 0 ? recorded[0] : recorded);
    found.push({ step: step.name, reused: recorded.length, of: members.length });
  }
  return found;
}

function inputsOf(
  { sources }: PlannedStep,
  outputs: ReadonlyMap<string, unknown>,
): Record<string, unknown> | null {
  const inputs = Object.entries(sources).map(([kind, source]) => [kind, outputs.get(source)] as const);
  return inputs.some(([, output]) => output === undefined) ? null : Object.fromEntries(inputs);
}

async function lookUp(
  pipeline: Pipeline,
  { step }: PlannedStep,
  members: readonly (number | undefined)[],
  inputs: unknown,
  state: State,
): Promise<unknown[]> {
  const outputs: unknown[] = [];
  if (step.run === 'trainFold' && wouldDownload(pipeline)) return outputs;
  const settings = { fresh: false, device: state.device, threads: state.threads };
  for (const fold of members) {
    const occasion: UncheckedOccasion = {
      run: 'plan',
      pipeline,
      settings,
      inputs,
      ...(fold === undefined ? {} : { fold }),
    };
    const record = await state.keys.find(await keyOf(state, step.run, occasion));
    if (record !== null) outputs.push(record.output);
  }
  return outputs;
}

/** A fold's key covers the model's bytes; a plan fetches nothing, so those of a model on the hub are not known. */
function wouldDownload({ model }: Pipeline): boolean {
  return model.checkpoint !== undefined && !isAbsolute(model.checkpoint);
}
