import { createHash } from 'node:crypto';
import { defaultEpochChoice, defaultTask } from '../tasks/index.js';
import { idColumn, type ActivityName, type Pipeline } from './pipeline.js';

/** What makes a step's result what it is: two steps with the same identity have the same result. */
export interface StepIdentity {
  readonly activity: ActivityName;
  /** Of the activity's code: raised when its results change. */
  readonly version: number | string;
  /** See `keyParameters`. */
  readonly parameters: unknown;
  /** Digests of everything that is read: artifacts, files of a model, versions, device, threads. */
  readonly inputs: unknown;
}

/** Lower-case hex SHA-256 of the identity, in canonical JSON. */
export function stepKey({ activity, version, parameters, inputs }: StepIdentity): string {
  return digest({ activity, version, parameters, inputs });
}

/** Identity of a resolved pipeline: every field counts, the order of steps does not. */
export function pipelineDigest(pipeline: Pipeline): string {
  return digest(pipeline);
}

/**
 * The part of a pipeline that a step's result depends on, besides the data it reads. Paths of data
 * are left out, and the checkpoint: the bytes of their files must be among the inputs, so that a moved
 * file changes nothing and a changed one does.
 *
 * A neutral value of a setting that came later is left out, so that it retires nothing.
 *
 * `trainFold` leaves out `checkpointEvery`, which changes no bit of a result, and `retrySeeds`: it
 * decides only whether a diverged fold gets a result at all.
 */
export function keyParameters(activity: ActivityName, pipeline: Pipeline): Record<string, unknown> {
  const { name, labels, data, folds, model, training } = pipeline;
  const task = pipeline.task === defaultTask ? undefined : pipeline.task;
  const { checkpointEvery, retrySeeds, bestBy: chosen, ...others } = training;
  const bestBy = chosen === defaultEpochChoice ? undefined : chosen;
  const numeric = { ...others, bestBy };
  switch (activity) {
    case 'prepareData':
      return { task, target: data.target, labels, text: data.text, id: data.id, folds };
    case 'trainFold':
      return {
        task,
        labels,
        scratch: model.scratch,
        maxLength: model.maxLength,
        training: numeric,
        folds: folds.count,
      };
    case 'aggregateOof':
      return { labels, id: idColumn(data) };
    case 'tuneThresholds':
      return { task, labels };
    case 'predictEnsemble':
      return { task, target: data.target, labels, id: idColumn(data), maxLength: model.maxLength };
    case 'writeReport':
      return {
        name,
        task,
        labels,
        data,
        folds,
        model,
        training: { ...numeric, checkpointEvery, retrySeeds },
      };
  }
}

/**
 * JSON with the keys of every map sorted by code unit and no white space: equal values give equal
 * text. Fields that are undefined are left out, as JSON does.
 *
 * @throws TypeError for what JSON would lose in silence: non-finite numbers, functions, bigints,
 *   undefined list entries, objects that are not plain
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((entry: unknown) => canonicalJson(entry)).join(',')}]`;
  if (!isPlainObject(value)) throw new TypeError(`a ${typeof value} has no canonical JSON`);
  const fields = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
  return `{${fields.join(',')}}`;
}

function digest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
