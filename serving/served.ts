import type { EnsembleDefinition } from '../ensemble/definition.js';
import type { TaskName } from '../tasks/task.js';
import type { Scorer } from './batcher.js';

/** What is known of the ensemble that answers. */
export interface About {
  readonly run: string;
  readonly pipeline: string;
  readonly task: TaskName;
  readonly labels: readonly string[];
  readonly thresholds: readonly number[];
  readonly models: number;
  /** What their products are computed in. */
  readonly precision: NonNullable<EnsembleDefinition['precision']>;
  /** Where they compute: `cpu`, `webgpu` or `cuda:0`. */
  readonly device: string;
  /** Tokens that are read of a text, by the model that reads most. */
  readonly maxLength: number;
  /** Of foldwise. */
  readonly version: string;
}

/** An ensemble, to be served. */
export interface Served {
  readonly scorer: Scorer;
  readonly about: About;
}
