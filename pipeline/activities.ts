import { defaultTask } from '../tasks/index.js';
import type { ThresholdMethod, ThresholdSearch } from '../tasks/thresholds.js';
import { defaultEnsemble, ensembleOf } from './ensemble.js';
import { significantFolds } from './folds.js';
import { asksForTokens } from './gates.js';
import { axesOf, combinationsOf, type Combination } from './matrix.js';
import { numericSettings, withoutNeutral } from './neutral-settings.js';
import { idColumn, modelUse, type ActivityName, type Pipeline, type Step } from './pipeline.js';
import { showsTexts } from './report.js';
import { calibrationOf } from './calibration.js';
import { searchOf } from './thresholds.js';

/** What a step's output is, and so what a later step may take from it. */
export type Kind = 'data' | 'fold' | 'oof' | 'thresholds' | 'submission' | 'report';

/** What is known of an activity before it runs. How it runs: the record of its name in activities/records.ts. */
export interface ActivityDeclaration {
  readonly inputs: readonly Kind[];
  /** What it takes where some step gives it, and does without where none does. */
  readonly optionalInputs?: readonly Kind[];
  readonly output: Kind;
  /** Whether the step is one activity per cell of a matrix or a single one, which may reduce those of others. */
  readonly matrix: boolean;
  /**
   * What the activity writes into the run directory, if anything: two steps of it in one pipeline
   * would overwrite each other.
   */
  readonly writes?: string;
  /** What a step of it has where the file says nothing else. */
  readonly defaults: Pick<Step, 'queue' | 'timeout' | 'onFailure'>;
  /**
   * The part of a pipeline that its result depends on, besides what it reads: part of its key. Paths of data
   * are left out, and the checkpoint: the bytes of their files must be among what it reads, so that a moved
   * file changes nothing and a changed one does.
   *
   * A neutral value of a setting that came later is left out, so that it retires nothing (neutral-settings.ts).
   */
  readonly parameters: (pipeline: Pipeline) => Readonly<Record<string, unknown>>;
}

/** The queue of the steps that is the workflow's own. */
export const mainQueue = 'main';

/** The queue that folds wait on where the file names none. */
export const trainingQueue = 'gpu';

const short = { queue: mainQueue, timeout: '1h', onFailure: 'fail' } as const;

/** Every activity that a step may run. The types of inputs and outputs are in activities/contracts.ts. */
export const activities: Readonly<Record<ActivityName, ActivityDeclaration>> = {
  prepareData: {
    inputs: [],
    output: 'data',
    matrix: false,
    defaults: short,
    parameters: (pipeline) => {
      const { labels, data } = pipeline;
      const { target, text, id } = data;
      const folds = significantFolds(pipeline.folds);
      return { task: taskOf(pipeline), target, labels, text, id, folds, ...gatesOf(pipeline) };
    },
  },
  trainFold: {
    inputs: ['data'],
    output: 'fold',
    matrix: true,
    writes: 'models/',
    // Training is long, and its failures can wait for a person.
    defaults: { queue: trainingQueue, timeout: '12h', onFailure: 'wait' },
    parameters: (pipeline) => {
      const { labels, model, folds } = pipeline;
      const { scratch } = model;
      const training = numericSettings(pipeline.training);
      return { task: taskOf(pipeline), labels, scratch, ...modelUse(model), training, folds: folds.count };
    },
  },
  aggregateOof: {
    inputs: ['data', 'fold'],
    output: 'oof',
    matrix: false,
    writes: 'oof.csv',
    defaults: short,
    parameters: (pipeline) => {
      const { labels, data } = pipeline;
      const { repeats } = significantFolds(pipeline.folds);
      return { labels, id: idColumn(data), repeats, ...joiningOf(pipeline) };
    },
  },
  tuneThresholds: {
    inputs: ['data', 'oof'],
    output: 'thresholds',
    matrix: false,
    defaults: short,
    parameters: (pipeline) => ({
      task: taskOf(pipeline),
      labels: pipeline.labels,
      thresholds: thresholdsOf(pipeline),
      calibration: calibrationOf(pipeline),
    }),
  },
  predictEnsemble: {
    inputs: ['data', 'fold', 'thresholds'],
    output: 'submission',
    matrix: false,
    writes: 'submission.csv and predictions.csv',
    defaults: short,
    parameters: (pipeline) => {
      const { labels, data, model } = pipeline;
      const id = idColumn(data);
      return { task: taskOf(pipeline), target: data.target, labels, id, maxLength: model.maxLength };
    },
  },
  writeReport: {
    inputs: ['data', 'fold', 'oof', 'thresholds'],
    optionalInputs: ['submission'],
    output: 'report',
    matrix: false,
    writes: 'report.html, result.json and texts.csv',
    defaults: short,
    parameters: (pipeline) => {
      const { name, labels, data, model } = pipeline;
      const folds = significantFolds(pipeline.folds);
      const { checkpointEvery, retrySeeds, gradientCheckpointing } = pipeline.training;
      const training = {
        ...numericSettings(pipeline.training),
        ...withoutNeutral({ checkpointEvery, retrySeeds, gradientCheckpointing }),
      };
      const members = severalMembers(pipeline);
      const { ensemble } = joiningOf(pipeline);
      const thresholds = thresholdsOf(pipeline);
      const calibration = calibrationOf(pipeline);
      const task = taskOf(pipeline);
      // Texts are shown where nothing is said.
      const texts = showsTexts(pipeline) ? undefined : false;
      const decisions = { thresholds, calibration };
      return { name, task, labels, data, folds, model, training, members, ensemble, ...decisions, texts };
    },
  },
};

/** As before there was more to say, where there is no more. */
function thresholdsOf(pipeline: Pipeline): ThresholdSearch | ThresholdMethod | undefined {
  const search = searchOf(pipeline);
  return search?.objectives === undefined ? search?.method : search;
}

/** The gates that are set, with the models whose tokenizers some of them ask for: a model is no part of it else. */
function gatesOf(pipeline: Pipeline): object {
  const { gates = {} } = pipeline.data;
  if (Object.keys(gates).length === 0) return {};
  if (!asksForTokens(gates)) return { gates };
  const { scratch, maxLength, windows } = pipeline.model;
  return { gates, models: { scratch, maxLength, windows, members: severalMembers(pipeline) } };
}

function taskOf({ task }: Pipeline): Pipeline['task'] | undefined {
  return task === defaultTask ? undefined : task;
}

/** The members of the ensemble where there is more than one. */
function severalMembers(pipeline: Pipeline): Combination[] | undefined {
  const members = combinationsOf(axesOf(pipeline));
  return members.length > 1 ? members : undefined;
}

/** How members become one, with the task by whose loss they are weighed; nothing where there is one of them. */
function joiningOf(pipeline: Pipeline): { readonly members?: readonly string[]; readonly ensemble?: object } {
  const members = severalMembers(pipeline);
  if (members === undefined) return {};
  const { method, incomplete } = ensembleOf(pipeline);
  const neutral = method === defaultEnsemble.method && incomplete === defaultEnsemble.incomplete;
  return {
    members: members.map(({ id }) => id),
    ...(neutral ? {} : { ensemble: { method, incomplete, task: taskOf(pipeline) } }),
  };
}

export const activityNames = Object.keys(activities) as readonly ActivityName[];

export function isActivity(name: string): name is ActivityName {
  return Object.hasOwn(activities, name);
}
