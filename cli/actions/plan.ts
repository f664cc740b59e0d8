import type { z } from 'zod';
import { findModel } from '../../engine/checkpoint/hub.js';
import { foldCountWords, isPlainSplit, splitWords } from '../../pipeline/folds.js';
import type { PlannedStep } from '../../pipeline/dag.js';
import { decisionWords } from '../../report/decision-words.js';
import { optionWords } from '../../pipeline/neutral-settings.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { count, duration } from '../../report/notation.js';
import { createServices } from '../../worker/services.js';
import { planSchema } from '../facts/plan.js';
import { checkInput, type CheckedInput } from '../input/checked-input.js';
import { checkModel } from '../input/checked-model.js';
import type { JsonOption, PipelineArguments } from '../options.js';
import { drawSteps } from '../plan/draw-steps.js';
import { estimateTraining, type Estimate } from '../plan/estimate.js';
import { foldWords, spanTogether } from '../plan/estimate-words.js';
import { estimateFolds, type MemberEstimate } from '../plan/fold-estimates.js';
import { memberWords } from '../plan/member-words.js';
import { findReuse, type StepReuse } from '../plan/reuse.js';
import { readResults } from '../runs/results.js';
import { printJson, type Console, type Facts } from '../terminal/console.js';
import { paint, wantsColor } from '../terminal/paint.js';
import { workdirAt, type Workdir } from '../workdir.js';

interface Plan extends CheckedInput {
  readonly reuse: readonly StepReuse[];
  readonly estimate: Estimate & { readonly toTrain: number; readonly folds: readonly MemberEstimate[] };
}

export async function plan(
  console: Console,
  options: PipelineArguments & JsonOption,
  file: string,
): Promise<void> {
  const workdir = workdirAt(options.workdir);
  const input = await checkInput(file, options.set ?? {}, workdir);
  const plan = await makePlan(input, workdir);
  if (options.json === true) printJson(console, planSchema, factsOf(plan));
  else for (const line of planLines(plan, wantsColor(process.stdout))) console.print(line);
}

function factsOf({ pipeline, steps, ...others }: Plan): Facts<z.input<typeof planSchema>> {
  const plain = steps.map(({ name, step, cells }) => ({ name, step: { ...step }, cells }));
  return { ...others, pipeline: { ...pipeline }, steps: plain };
}

async function makePlan(input: CheckedInput, workdir: Workdir): Promise<Plan> {
  const { pipeline, steps, rows } = input;
  const told = await checkModel(pipeline, { workdir, onDownload: null });
  const state = createServices({ workdir: workdir.path, roots: null, searchAttributes: false });
  const isHere = async (checkpoint: string): Promise<boolean> =>
    (await findModel(checkpoint, { baseDirectory: workdir.state })) !== undefined;
  const { steps: reuse, toTrain } = await findReuse(pipeline, steps, { ...state, isHere });
  const judged = estimateTraining(pipeline, rows.train, toTrain, await readResults(workdir.runs));
  const folds = await estimateFolds(pipeline, rows.train, toTrain, workdir);
  const estimate = { ...judged, toTrain: toTrain.length, folds };
  return { ...input, warnings: [...input.warnings, ...told], reuse, estimate };
}

function planLines({ pipeline, rows, steps, reuse, estimate, warnings }: Plan, color: boolean): string[] {
  const ink = paint(color);
  const { folds, training, labels } = pipeline;
  const members = memberWords(pipeline);
  const options = optionWords(training);
  const decisions = decisionWords(pipeline);
  return [
    `${ink.bold(pipeline.name)}: ${count(rows.train)} training rows, ${rows.test === null ? 'no' : count(rows.test)} test rows, ${labels.length} labels (${labels.join(', ')})`,
    `${modelWords(pipeline)}, ${foldCountWords(folds)}, ${training.epochs} epochs, batch ${training.batchSize}, learning rate ${training.learningRate}${options === '' ? '' : `, ${options}`}`,
    ...(isPlainSplit(folds) ? [] : [`split: ${splitWords(folds)}`]),
    ...(members === null ? [] : [members]),
    ...(decisions === '' ? [] : [decisions]),
    '',
    ...drawSteps(steps, (step) => stepRemark(step, reuse), ink),
    '',
    ...estimateWords(estimate),
    ...warnings.map((warning) => ink.yellow(`warning: ${warning}`)),
  ];
}

function modelWords({ model }: Pipeline): string {
  const { scratch, maxLength } = model;
  const name =
    scratch === undefined
      ? model.checkpoint
      : `${scratch.type} from scratch (${scratch.layers} layers of ${scratch.hiddenSize})`;
  return `${name}, at most ${maxLength} tokens`;
}

function stepRemark({ name, step }: PlannedStep, reuse: readonly StepReuse[]): string {
  const queue = step.queue === 'main' ? '' : `on queue foldwise-${step.queue}`;
  const failure = step.onFailure === 'fail' ? '' : `on failure: ${step.onFailure}`;
  return [queue, failure, reuseWords(reuse.find((each) => each.step === name))]
    .filter((part) => part !== '')
    .join(', ');
}

function reuseWords(reuse: StepReuse | undefined): string {
  if (reuse === undefined || reuse.reused === 0) return '';
  return reuse.of === 1 ? 'reused' : `${reuse.reused} of ${reuse.of} reused`;
}

function estimateWords({ optimizerSteps, seconds, judgedBy, folds, toTrain }: Plan['estimate']): string[] {
  if (optimizerSteps === 0) return ['Nothing to train.'];
  const work = `${count(optimizerSteps)} optimizer steps to train`;
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
