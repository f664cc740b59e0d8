import type { z } from 'zod';
import { findModel } from '../../engine/checkpoint/hub.js';
import type { OneDevice } from '../../engine/device/choice.js';
import { processor } from '../../engine/device/device.js';
import { foldCountWords, isPlainSplit, splitWords } from '../../pipeline/folds.js';
import type { PlannedStep } from '../../pipeline/dag.js';
import { decisionWords } from '../../report/decision-words.js';
import { mainQueue } from '../../pipeline/activities.js';
import { stepQueue } from '../../pipeline/task-queues.js';
import { optionWords } from '../../pipeline/neutral-settings.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { count, duration } from '../../report/notation.js';
import { createServices } from '../../worker/services.js';
import { planSchema } from '../facts/plan.js';
import { checkInput, type CheckedInput } from '../input/checked-input.js';
import { checkModel } from '../input/checked-model.js';
import type { JsonOption, PipelineArguments, PlannedDeviceOption } from '../options.js';
import type { DevicePlan, PlannedDevice } from '../plan/device-plan.js';
import { drawSteps } from '../plan/draw-steps.js';
import { estimateTraining, type Estimate } from '../plan/estimate.js';
import { foldWords, spanTogether } from '../plan/estimate-words.js';
import { estimateFolds, type MemberEstimate } from '../plan/fold-estimates.js';
import { memberWords } from '../plan/member-words.js';
import { findReuse, type PlanState, type StepReuse } from '../plan/reuse.js';
import { readResults } from '../runs/results.js';
import { printJson, type Console, type Facts } from '../terminal/console.js';
import { paint, wantsColor } from '../terminal/paint.js';
import { workdirAt, type Workdir } from '../workdir.js';

interface Plan extends CheckedInput {
  /** Tokens that are read at once. */
  readonly longest: number;
  readonly reuse: readonly StepReuse[];
  readonly estimate: Estimate & { readonly toTrain: number; readonly folds: readonly MemberEstimate[] };
  /** Where one was named. */
  readonly device?: DevicePlan;
}

export async function plan(
  console: Console,
  options: PipelineArguments & PlannedDeviceOption & JsonOption,
  file: string,
): Promise<void> {
  const workdir = workdirAt(options.workdir);
  const input = await checkInput(file, options.set ?? {}, workdir);
  const device = options.device === undefined ? null : await deviceFor(console, options.device);
  const plan = await makePlan(input, workdir, device);
  if (options.json === true) printJson(console, planSchema, factsOf(plan));
  else for (const line of await planLines(plan, wantsColor(process.stdout))) console.print(line);
}

/** Who plans for none does not load what counts for one. */
async function deviceFor(console: Console, choice: OneDevice): Promise<PlannedDevice> {
  const { plannedDevice } = await import('../plan/device-plan.js');
  return plannedDevice(choice, (message) => console.note(message));
}

function factsOf({ pipeline, steps, longest: _, ...others }: Plan): Facts<z.input<typeof planSchema>> {
  const plain = steps.map(({ name, step, cells }) => ({ name, step: { ...step }, cells }));
  return { ...others, pipeline: { ...pipeline }, steps: plain };
}

async function makePlan(input: CheckedInput, workdir: Workdir, planned: PlannedDevice | null): Promise<Plan> {
  const { pipeline, steps, rows } = input;
  const devices = planned === null ? {} : { devices: [planned] };
  const model = await checkModel(pipeline, { workdir, onDownload: null, ...devices });
  const state = stateFor(planned, workdir);
  const isHere = async (checkpoint: string): Promise<boolean> =>
    (await findModel(checkpoint, { baseDirectory: workdir.state })) !== undefined;
  const { steps: reuse, toTrain } = await findReuse(pipeline, steps, { ...state, isHere });
  // Other runs tell of the processor, and so does the product that is timed.
  const onCard = planned !== null && planned.name !== processor;
  const earlier = onCard ? [] : await readResults(workdir.runs);
  const judged = estimateTraining(pipeline, rows.train, toTrain, earlier);
  const folds = onCard ? [] : await estimateFolds(pipeline, rows.train, toTrain, workdir);
  const estimate = { ...judged, toTrain: toTrain.length, folds };
  const warnings = [...input.warnings, ...model.warnings];
  const plan = { ...input, warnings, longest: model.longest, reuse, estimate };
  if (planned === null) return plan;
  const { planOnDevice } = await import('../plan/device-plan.js');
  const of = { rows: rows.train, steps, cells: toTrain, workdir };
  return { ...plan, device: await planOnDevice(planned, pipeline, of) };
}

/** What earlier runs have done is found by the device: of one that does not start, nothing is. */
function stateFor(planned: PlannedDevice | null, workdir: Workdir): Omit<PlanState, 'isHere'> {
  const options = { workdir: workdir.path, roots: null, searchAttributes: false };
  if (planned === null) return createServices(options);
  if (planned.usable !== null) return createServices({ ...options, usable: [planned.usable] });
  return { ...createServices(options), devices: { names: [] } };
}

async function planLines(
  { pipeline, longest, rows, steps, reuse, estimate, device, warnings }: Plan,
  color: boolean,
): Promise<string[]> {
  const ink = paint(color);
  const { folds, training, labels } = pipeline;
  const members = memberWords(pipeline);
  const options = optionWords(training);
  const decisions = decisionWords(pipeline);
  const ofDevice = device === undefined ? [] : await wordsOf(device, estimate.toTrain);
  return [
    `${ink.bold(pipeline.name)}: ${count(rows.train)} training rows, ${rows.test === null ? 'no' : count(rows.test)} test rows, ${labels.length === 1 ? '1 label' : `${labels.length} labels`} (${labels.join(', ')})`,
    `${modelWords(pipeline, longest)}, ${foldCountWords(folds)}, ${training.epochs === 1 ? '1 epoch' : `${training.epochs} epochs`}, batch ${training.batchSize}, learning rate ${training.learningRate}${options === '' ? '' : `, ${options}`}`,
    ...(isPlainSplit(folds) ? [] : [`split: ${splitWords(folds)}`]),
    ...(members === null ? [] : [members]),
    ...(decisions === '' ? [] : [decisions]),
    '',
    ...drawSteps(steps, (step) => stepRemark(step, reuse), ink),
    '',
    ...estimateWords(estimate, device),
    ...ofDevice,
    ...warnings.map((warning) => ink.yellow(`warning: ${warning}`)),
  ];
}

async function wordsOf(device: DevicePlan, toTrain: number): Promise<string[]> {
  const { deviceWords } = await import('../plan/device-words.js');
  return deviceWords(device, toTrain);
}

function modelWords({ model }: Pipeline, longest: number): string {
  const { scratch } = model;
  const name =
    scratch === undefined
      ? model.checkpoint
      : `${scratch.type} from scratch (${scratch.layers} layers of ${scratch.hiddenSize})`;
  return `${name}, at most ${longest} tokens`;
}

function stepRemark({ name, step }: PlannedStep, reuse: readonly StepReuse[]): string {
  const queue = step.queue === mainQueue ? '' : `on queue ${stepQueue(step.queue)}`;
  const failure = step.onFailure === 'fail' ? '' : `on failure: ${step.onFailure}`;
  return [queue, failure, reuseWords(reuse.find((each) => each.step === name))]
    .filter((part) => part !== '')
    .join(', ');
}

function reuseWords(reuse: StepReuse | undefined): string {
  if (reuse === undefined || reuse.reused === 0) return '';
  return reuse.of === 1 ? 'reused' : `${reuse.reused} of ${reuse.of} reused`;
}

function estimateWords(
  { optimizerSteps, seconds, judgedBy, folds, toTrain }: Plan['estimate'],
  on: DevicePlan | undefined,
): string[] {
  if (optimizerSteps === 0) return ['Nothing to train.'];
  const work = `${count(optimizerSteps)} optimizer steps to train`;
  if (on !== undefined && on.device !== processor)
    return [`${work}; how long that takes on ${on.device} is not known before it has been done there.`];
  const each = folds.map(foldWords);
  if (seconds !== null) {
    return [
      `${work}, about ${duration(seconds)} one fold after the other, judged by run ${judgedBy}.`,
      ...each,
    ];
  }
  const together = spanTogether(folds, toTrain);
  if (together === null) return [`${work}; how long that takes is known after a first run of this model.`];
  return [`${work}, ${together} one fold after the other.`, ...each];
}
