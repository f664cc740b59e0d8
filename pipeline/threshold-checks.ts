import { defaultObjective, defaultThresholdMethod } from '../tasks/thresholds.js';
import { isMap } from './configuration.js';
import { describe } from './issues.js';
import type { Problem } from './problem.js';

interface Surroundings {
  readonly task: unknown;
  readonly labels: readonly string[];
}

/** What of the thresholds cannot work beside the rest of the pipeline; what has the wrong form is passed over. */
export function thresholdProblems(thresholds: unknown, { task, labels }: Surroundings): Problem[] {
  const path = ['thresholds'];
  if (!isMap(thresholds)) {
    return task === 'single-label' && thresholds !== undefined && thresholds !== defaultThresholdMethod
      ? [{ path, found: describe(thresholds), expected: ofClasses }]
      : [];
  }
  const { method = defaultThresholdMethod, objective = defaultObjective, byLabel } = thresholds;
  const set = Object.entries({
    method: method !== defaultThresholdMethod,
    objective: objective !== defaultObjective,
    byLabel: byLabel !== undefined,
  }).filter(([, isSet]) => isSet);
  if (task === 'single-label')
    return set.map(([name]) => ({
      path: [...path, name],
      found: describe(thresholds[name]),
      expected: ofClasses,
    }));
  return [
    ...(method === 'smoothed' ? smoothedProblems(path, objective, byLabel) : []),
    ...Object.keys(isMap(byLabel) ? byLabel : {})
      .filter((label) => !labels.includes(label))
      .map((label) => ({
        path: [...path, 'byLabel', label],
        atKey: true,
        found: `the label ${describe(label)}`,
        expected: 'one of the labels of the pipeline',
      })),
  ];
}

const ofClasses = 'nothing with task: single-label, whose rows are decided by offsets of their classes';

/** The counts of all labels are smoothed into one measure. */
function smoothedProblems(path: readonly string[], objective: unknown, byLabel: unknown): Problem[] {
  const isMeasure = !isMap(objective) || 'fBeta' in objective;
  return [
    ...(isMeasure
      ? []
      : [
          {
            path: [...path, 'objective'],
            found: describe(objective),
            expected:
              'f1 or fBeta with method: smoothed, which smooths an F-measure; grid and exact take any objective',
          },
        ]),
    ...(byLabel === undefined
      ? []
      : [
          {
            path: [...path, 'byLabel'],
            found: describe(byLabel),
            expected: 'nothing with method: smoothed, which smooths one measure over all labels',
          },
        ]),
  ];
}
