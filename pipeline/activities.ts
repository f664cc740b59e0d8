import type { ActivityName } from './pipeline.js';

/** What a step's output is, and so what a later step may take from it. */
export type Kind = 'data' | 'fold' | 'oof' | 'thresholds' | 'submission' | 'report';

/** How an activity may be wired into a pipeline. */
export interface ActivitySignature {
  readonly inputs: readonly Kind[];
  /** What it takes where some step gives it, and does without where none does. */
  readonly optionalInputs?: readonly Kind[];
  readonly output: Kind;
  /** Whether the step is one activity per fold (`matrix: { fold: all }`) or a single one. */
  readonly matrix: boolean;
  /**
   * What the activity writes into the run directory, if anything: two steps of it in one pipeline
   * would overwrite each other.
   */
  readonly writes?: string;
}

/** Every activity that a step may run. The types of inputs and outputs are in activities/contracts.ts. */
export const activities: Readonly<Record<ActivityName, ActivitySignature>> = {
  prepareData: { inputs: [], output: 'data', matrix: false },
  trainFold: { inputs: ['data'], output: 'fold', matrix: true, writes: 'models/' },
  aggregateOof: { inputs: ['data', 'fold'], output: 'oof', matrix: false, writes: 'oof.csv' },
  tuneThresholds: { inputs: ['data', 'oof'], output: 'thresholds', matrix: false },
  predictEnsemble: {
    inputs: ['data', 'fold', 'thresholds'],
    output: 'submission',
    matrix: false,
    writes: 'submission.csv and predictions.csv',
  },
  writeReport: {
    inputs: ['data', 'fold', 'oof', 'thresholds'],
    optionalInputs: ['submission'],
    output: 'report',
    matrix: false,
    writes: 'report.html and result.json',
  },
};

export const activityNames = Object.keys(activities) as readonly ActivityName[];

export function isActivity(name: string): name is ActivityName {
  return Object.hasOwn(activities, name);
}
