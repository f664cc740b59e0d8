import type { CalibrationMethod } from '../metrics/calibrators.js';
import { calibrateNested, calibrationOutcome } from '../metrics/nested-calibration.js';
import type { Task } from './task.js';

export type { CalibrationMethod };

export const calibrationMethods = [
  'temperature',
  'platt',
  'isotonic',
] as const satisfies readonly CalibrationMethod[];

/** The task with probabilities that are calibrated before anything is tuned on them. */
export function calibratedTask(task: Task, method: CalibrationMethod): Task {
  const { calibration, scoreCalibration } = task;
  return {
    ...task,
    scoreOutOfFold: (nested, truth, folds, width, draw) => {
      const calibrated = calibrateNested(calibration, method, nested, truth, folds, width);
      const scores = task.scoreOutOfFold(calibrated.nested, truth, folds, width, draw);
      if (draw === undefined) return scores;
      return {
        ...scores,
        calibration: calibrationOutcome(method, nested, calibrated, truth, folds, width, scoreCalibration),
      };
    },
    decideOutOfFold: (nested, truth, folds, width) =>
      task.decideOutOfFold(
        calibrateNested(calibration, method, nested, truth, folds, width).nested,
        truth,
        folds,
        width,
      ),
  };
}
