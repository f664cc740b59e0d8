import { createHash } from 'node:crypto';
import { significantFolds } from './folds.js';
import { withoutNeutral } from './neutral-settings.js';
import type { ActivityName, Pipeline } from './pipeline.js';

/** What makes a step's result what it is: two steps with the same identity have the same result. */
export interface StepIdentity {
  readonly activity: ActivityName;
  /** Of the activity's code: raised when its results change. */
  readonly version: number | string;
  /** What of the pipeline it depends on: `parameters` in activities.ts. */
  readonly parameters: unknown;
  /** Digests of everything that is read: artifacts, files of a model, versions, device, threads. */
  readonly inputs: unknown;
}

/** Lower-case hex SHA-256 of the identity, in canonical JSON. */
export function stepKey({ activity, version, parameters, inputs }: StepIdentity): string {
  return digest({ activity, version, parameters, inputs });
}

/**
 * Identity of a resolved pipeline: every field counts, the order of steps does not. Neutral options count as if
 * there were none, so that a run which began before they came is gone on with; `bestBy` always stood there.
 */
export function pipelineDigest(pipeline: Pipeline): string {
  const { bestBy } = pipeline.training;
  const folds = significantFolds(pipeline.folds);
  return digest({ ...pipeline, folds, training: { ...withoutNeutral(pipeline.training), bestBy } });
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
