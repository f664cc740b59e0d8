import type { Command } from 'commander';
import { readDataset } from '../../data/dataset.js';
import { planSteps, type PlannedStep } from '../../pipeline/dag.js';
import { readPipeline } from '../../pipeline/load.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { count, duration } from '../../report/notation.js';
import { printsJson, takesPipeline, type JsonOption, type PipelineArguments } from '../options.js';
import { drawSteps } from '../plan/draw-steps.js';
import { estimateTraining, type Estimate } from '../plan/estimate.js';
import { readResults } from '../runs/results.js';
import { printJson, type Console } from '../terminal/console.js';
import { paint, wantsColor } from '../terminal/paint.js';
import { workdirAt } from '../workdir.js';

interface Plan {
  readonly pipeline: Pipeline;
  readonly rows: { readonly train: number; readonly test: number };
  readonly steps: readonly PlannedStep[];
  readonly estimate: Estimate;
  readonly warnings: readonly string[];
}

/** `foldwise plan`: what a run would do, without doing any of it. */
export function addPlan(program: Command, console: Console): void {
  printsJson(takesPipeline(program.command('plan')))
    .summary('check a pipeline and say what a run would do')
    .description(
      'Checks the pipeline and its data, draws the steps and estimates what they cost. Runs nothing.',
    )
    .action(async (file: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<PipelineArguments & JsonOption>();
      const plan = await makePlan(
        readPipeline(file, { overrides: options.set ?? {} }),
        workdirAt(options.workdir).runs,
      );
      if (options.json === true) printJson(console, plan);
      else for (const line of planLines(plan, wantsColor(process.stdout))) console.print(line);
    });
}

async function makePlan(pipeline: Pipeline, runs: string): Promise<Plan> {
  const dataset = await readDataset(pipeline.data, pipeline.labels);
  const rows = { train: dataset.train.texts.length, test: dataset.test.texts.length };
  const estimate = estimateTraining(pipeline, rows.train, pipeline.folds.count, await readResults(runs));
  return { pipeline, rows, steps: planSteps(pipeline), estimate, warnings: dataset.warnings };
}

function planLines({ pipeline, rows, steps, estimate, warnings }: Plan, color: boolean): string[] {
  const ink = paint(color);
  const { folds, training, labels } = pipeline;
  return [
    `${ink.bold(pipeline.name)}: ${count(rows.train)} training rows, ${count(rows.test)} test rows, ${labels.length} labels (${labels.join(', ')})`,
    `${modelWords(pipeline)}, ${folds.count} folds, ${training.epochs} epochs, batch ${training.batchSize}, learning rate ${training.learningRate}`,
    '',
    ...drawSteps(steps, stepRemark, ink),
    '',
    estimateWords(estimate),
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

function stepRemark({ step }: PlannedStep): string {
  const queue = step.queue === 'main' ? '' : `on queue foldwise-${step.queue}`;
  const failure = step.onFailure === 'fail' ? '' : `on failure: ${step.onFailure}`;
  return [queue, failure].filter((part) => part !== '').join(', ');
}

function estimateWords({ optimizerSteps, seconds, judgedBy }: Estimate): string {
  const work = `${count(optimizerSteps)} optimizer steps to train`;
  if (seconds === null) return `${work}; how long that takes is known after a first run of this model.`;
  return `${work}, about ${duration(seconds)} one fold after the other, judged by run ${judgedBy}.`;
}
