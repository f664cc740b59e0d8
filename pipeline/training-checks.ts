import { describe } from './issues.js';
import { neutralSettings } from './neutral-settings.js';
import type { Problem } from './problem.js';

/** Settings of the training as they may be wrong one by one. */
type Settings = Readonly<Record<string, unknown>>;

interface Rule {
  /** The setting that is at fault. */
  readonly setting: string;
  /** Whether it cannot work beside the others. */
  readonly clashes: (training: Settings, task: unknown) => boolean;
  readonly expected: string;
}

/** Of transformers' polynomial schedule. */
const polynomialEnd = 1e-7;

/** Combinations of settings that cannot work, each with the reason. What is not set has its default. */
const rules: readonly Rule[] = [
  {
    setting: 'bestBy',
    clashes: ({ bestBy }, task) => task !== 'single-label' && bestBy === 'accuracy',
    expected: 'macroF1, valLoss or last: accuracy is a score of single-label pipelines',
  },
  {
    setting: 'patience',
    clashes: ({ bestBy, patience }) => isSet(patience) && bestBy === 'last',
    expected: 'null with bestBy: last, by which each epoch is better than the one before',
  },
  {
    setting: 'schedulePower',
    clashes: ({ schedule, schedulePower }) =>
      schedulePower !== neutralSettings.schedulePower && schedule !== 'polynomial',
    expected: `${neutralSettings.schedulePower}, or schedule: polynomial, whose exponent it is`,
  },
  {
    setting: 'learningRate',
    clashes: ({ schedule, learningRate }) =>
      schedule === 'polynomial' && typeof learningRate === 'number' && learningRate <= polynomialEnd,
    expected: `more than ${polynomialEnd}, where the polynomial schedule ends`,
  },
];

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function trainingProblems(task: unknown, training: unknown): Problem[] {
  if (typeof training !== 'object' || training === null || Array.isArray(training)) return [];
  const settings: Settings = { ...neutralSettings, ...training };
  return rules
    .filter(({ clashes }) => clashes(settings, task))
    .map(({ setting, expected }) => ({
      path: ['training', setting],
      found: describe(settings[setting]),
      expected,
    }));
}
