import { exactMultiLabel, multiLabel } from './multi-label.js';
import { singleLabel } from './single-label.js';
import type { EpochChoice, Task, TaskName, ThresholdSearch } from './task.js';

/** Every task by its name in `pipeline.yaml`. */
export const tasks: Readonly<Record<TaskName, Task>> = {
  'multi-label': multiLabel,
  'single-label': singleLabel,
};

export const thresholdSearches = ['grid', 'exact'] as const satisfies readonly ThresholdSearch[];

/** A task whose thresholds are found so; of classes there are none. */
export function taskWith(name: TaskName, thresholds: ThresholdSearch = 'grid'): Task {
  return name === 'multi-label' && thresholds === 'exact' ? exactMultiLabel : tasks[name];
}

export const taskNames = ['multi-label', 'single-label'] as const satisfies readonly TaskName[];

export const epochChoices = [
  'macroF1',
  'accuracy',
  'valLoss',
  'last',
] as const satisfies readonly EpochChoice[];

/** The reference method's. */
export const defaultEpochChoice: EpochChoice = 'macroF1';

/** Of a pipeline that names none: the reference method's. */
export const defaultTask: TaskName = 'multi-label';

/** The task of a model of ours, by the `problem_type` of its configuration. */
export function taskOfProblem(problemType: unknown): Task {
  return Object.values(tasks).find((task) => task.problemType === problemType) ?? tasks[defaultTask];
}
