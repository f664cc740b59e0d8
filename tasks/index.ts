import { calibratedTask, type CalibrationMethod } from './calibration.js';
import { multiLabel, multiLabelBy } from './multi-label.js';
import { singleLabel } from './single-label.js';
import type { EpochChoice, Task, TaskName } from './task.js';
import type { ThresholdSearch } from './thresholds.js';

/** Every task by its name in `pipeline.yaml`. */
export const tasks: Readonly<Record<TaskName, Task>> = {
  'multi-label': multiLabel,
  'single-label': singleLabel,
};

/** How decisions are made out of probabilities, where that is otherwise than in the reference method. */
export interface Deciding {
  /** Of labels; of classes there are none. */
  readonly thresholds?: ThresholdSearch;
  /** What probabilities are calibrated by before anything is tuned. */
  readonly calibration?: CalibrationMethod;
}

/** A task that decides so. */
export function taskWith(name: TaskName, { thresholds, calibration }: Deciding = {}): Task {
  const task = name === 'multi-label' && thresholds !== undefined ? multiLabelBy(thresholds) : tasks[name];
  return calibration === undefined ? task : calibratedTask(task, calibration);
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
