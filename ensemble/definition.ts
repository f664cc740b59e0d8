import type { Calibrator } from '../metrics/calibrators.js';
import type { Precision } from '../engine/inference/precision.js';
import type { ComputePrecision } from '../engine/precision/precision.js';
import type { TaskName } from '../tasks/task.js';

/** What makes probabilities and decisions of a text: models, how they are joined, and what was tuned. */
export interface EnsembleDefinition {
  readonly task: TaskName;
  readonly labels: readonly string[];
  /** One per label: of the probability; where a row has one class, the offset of its logarithm. */
  readonly thresholds: readonly number[];
  /** One per label, of the joined probabilities; without it these stay what they are. */
  readonly calibrators?: readonly Calibrator[];
  /** What the models' products are computed in; default float32 (see in-int8.ts). */
  readonly precision?: Precision;
  /** At least one, each with at least one model and a weight above 0. */
  readonly members: readonly EnsembleMember[];
}

/** Models that count alike: the folds of one combination of settings. */
export interface EnsembleMember {
  readonly weight: number;
  readonly models: readonly EnsembleModel[];
}

export interface EnsembleModel {
  /** An exported model. */
  readonly folder: string;
  /** Tokens of a text, special ones included. */
  readonly maxLength: number;
  /** What its products of numbers with a point are computed in; default float32. */
  readonly computedIn?: ComputePrecision;
}

/** All models, member by member. */
export function modelsOf({ members }: Pick<EnsembleDefinition, 'members'>): EnsembleModel[] {
  return members.flatMap(({ models }) => models);
}
