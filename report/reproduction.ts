import { stringify } from 'yaml';
import { defaultSteps } from '../pipeline/defaults.js';
import { canonicalJson } from '../pipeline/keys.js';
import { checkpointsOf } from '../pipeline/members.js';
import { withoutNeutral } from '../pipeline/neutral-settings.js';
import { defaultTask } from '../tasks/index.js';
import { fileName, isAbsolute } from './places.js';
import type { RunResult } from './run-result.js';

type Configuration = RunResult['configuration'];

/** The pipeline as a file that gives the same run, its tables and folders of models beside it. */
export function pipelineFile({ steps, training, model, data, task, ...others }: Configuration): string {
  const test = data.test === undefined ? undefined : testPlace(data.test, data.train);
  const { name, labels, folds, ...further } = others;
  const written = {
    name,
    ...(task === defaultTask ? {} : { task }),
    labels,
    data: { ...data, train: fileName(data.train), ...(test === undefined ? {} : { test }) },
    folds,
    model: beside(model),
    training: withoutNeutral(training),
    ...further,
    ...(canonicalJson(steps) === canonicalJson(defaultSteps(data)) ? {} : { steps: stepsBeside(steps) }),
  };
  return stringify(written, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Two tables of one name lie in two folders. */
function testPlace(test: string, train: string): string {
  return fileName(test) === fileName(train) ? `test/${fileName(test)}` : fileName(test);
}

function beside(model: Configuration['model']): Configuration['model'] {
  return model.checkpoint === undefined
    ? model
    : { ...model, checkpoint: checkpointBeside(model.checkpoint) };
}

/** A folder keeps its name; `./` says that it is none of the hub's. */
function checkpointBeside(checkpoint: string): string {
  return isAbsolute(checkpoint) ? `./${fileName(checkpoint)}` : checkpoint;
}

function stepsBeside(steps: Configuration['steps']): Configuration['steps'] {
  return Object.fromEntries(
    Object.entries(steps).map(([name, step]) => {
      const checkpoints = step.matrix?.['model.checkpoint'];
      if (!Array.isArray(checkpoints)) return [name, step];
      const named = checkpoints.map((each: unknown) =>
        typeof each === 'string' ? checkpointBeside(each) : each,
      );
      return [name, { ...step, matrix: { ...step.matrix!, 'model.checkpoint': named } }];
    }),
  );
}

/** What has to lie beside the file: the tables, and the folders of models that are none of the hub's. */
export function filesBeside(configuration: Configuration): string[] {
  const { train, test } = configuration.data;
  return [
    fileName(train),
    ...(test === undefined ? [] : [testPlace(test, train)]),
    ...checkpointsOf(configuration).filter(isAbsolute).map(fileName),
  ];
}

/** What the file is called, in a command too. */
export function pipelineFileName({ name }: Pick<Configuration, 'name'>): string {
  return `${name.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-')}.yaml`;
}

/** The commands that make the run again, from that file. */
export function reproducingCommands({
  configuration,
  folds,
}: Pick<RunResult, 'configuration' | 'folds'>): string[] {
  const file = pipelineFileName(configuration);
  const devices = [...new Set(folds.map(({ device }) => device))].sort();
  const threads = new Set(folds.map((fold) => fold.threads));
  const [same] = threads;
  // Of a card the threads decide nothing.
  if (devices.some((device) => device !== 'cpu'))
    return [`foldwise plan ${file}`, `foldwise run ${file} --fresh --device ${devices.join(',')}`];
  const shares = threads.size === 1 && same !== undefined ? ` --threads ${same}` : '';
  return [`foldwise plan ${file}`, `foldwise run ${file} --fresh${shares}`];
}
