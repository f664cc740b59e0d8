import { keyOf } from '../../activities/identity.js';
import type { Services } from '../../activities/services.js';
import { processor } from '../../engine/device/device.js';
import type { PlannedStep } from '../../pipeline/dag.js';
import type { Cell } from '../../pipeline/matrix.js';
import { membersOf } from '../../pipeline/members.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

/** How much of a step earlier runs have done already. */
export interface StepReuse {
  readonly step: string;
  /** Cells (or 1 for a plain step) whose output is recorded, and their number. */
  readonly reused: number;
  readonly of: number;
}

/** What a run would reuse, and which cells it would have to train. */
export interface Reuse {
  readonly steps: readonly StepReuse[];
  readonly toTrain: readonly Cell[];
}

/** What reuse is looked up by. */
export interface PlanState extends Pick<
  Services,
  'keys' | 'models' | 'engineSignature' | 'roots' | 'tableFiles' | 'threads'
> {
  /** Those that folds may have been trained on. */
  readonly devices: Pick<Services['devices'], 'names'>;
  /** Whether a checkpoint is on this machine. */
  readonly isHere: (checkpoint: string) => Promise<boolean>;
}

/**
 * Looks up what a run of the pipeline would reuse on this machine. A step whose inputs are not there yet
 * counts as not reused: what it will be given is not known before.
 */
export async function findReuse(
  pipeline: Pipeline,
  planned: readonly PlannedStep[],
  state: PlanState,
): Promise<Reuse> {
  const pipelines = new Map(membersOf(pipeline).map((member) => [member.id, member.pipeline]));
  const outputs = new Map<string, unknown>();
  const steps: StepReuse[] = [];
  const toTrain: Cell[] = [];
  for (const { name, step, sources, cells } of planned) {
    const inputs = inputsOf(sources, outputs);
    const find = async (of: Pipeline, cell?: Cell): Promise<unknown> => {
      if (inputs === null || (cell !== undefined && (await wouldDownload(of, state)))) return undefined;
      const devices = cell === undefined ? [processor] : state.devices.names;
      for (const device of devices) {
        const settings = { fresh: false, device, threads: state.threads };
        const key = await keyOf(state, step.run, { run: 'plan', pipeline: of, settings, inputs, ...cell });
        const record = await state.keys.find(key);
        if (record !== null) return record.output;
      }
      return undefined;
    };
    if (cells.length === 0) {
      const output = await find(pipeline);
      if (output !== undefined) outputs.set(name, output);
      steps.push({ step: name, reused: output === undefined ? 0 : 1, of: 1 });
      continue;
    }
    const recorded: unknown[] = [];
    for (const cell of cells) {
      const output = await find(pipelines.get(cell.member) ?? pipeline, cell);
      if (output === undefined) toTrain.push(cell);
      else recorded.push({ ...(output as object), member: cell.member });
    }
    if (recorded.length === cells.length) outputs.set(name, recorded);
    steps.push({ step: name, reused: recorded.length, of: cells.length });
  }
  return { steps, toTrain };
}

function inputsOf(
  sources: PlannedStep['sources'],
  outputs: ReadonlyMap<string, unknown>,
): Record<string, unknown> | null {
  const inputs = Object.entries(sources).map(([kind, source]) => [kind, outputs.get(source)] as const);
  return inputs.some(([, output]) => output === undefined) ? null : Object.fromEntries(inputs);
}

/** A fold's key covers the model's bytes; a plan fetches nothing, so those that are not here are not known. */
async function wouldDownload({ model }: Pipeline, { isHere }: PlanState): Promise<boolean> {
  return model.checkpoint !== undefined && !(await isHere(model.checkpoint));
}
