import { multiLabel, multiLabelBy } from './multi-label.js';
import { singleLabel } from './single-label.js';
import type { EpochChoice, Task, TaskName } from './task.js';
import type { ThresholdSearch } from './thresholds.js';

/** Every task by its name in `pipeline.yaml`. */
export const tasks: Readonly<Record<TaskName, Task>> = {
  'multi-label': multiLabel,
  'single-label': singleLabel,
};

/** A task whose thresholds are found so, by default as the reference method does; of classes there are none. */
export function taskWith(name: TaskName, thresholds?: ThresholdSearch): Task {
  return name === 'multi-label' && thresholds !== undefined ? multiLabelBy(thresholds) : tasks[name];
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
