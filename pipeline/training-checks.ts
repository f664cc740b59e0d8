import { describe } from './issues.js';
import { neutralSettings } from './neutral-settings.js';
import type { Problem } from './problem.js';
import { awpDefaults, referenceTraining } from './training.js';

/** Settings of the training as they may be wrong one by one. */
type Settings = Readonly<Record<string, unknown>>;

/** What of the pipeline decides whether they work. */
export interface Surroundings {
  readonly task: unknown;
  readonly labels: readonly string[];
  readonly model: unknown;
  /** The table of the rows to predict. */
  readonly test: unknown;
}

interface Rule {
  /** The setting that is at fault. */
  readonly setting: string;
  /** Whether it cannot work beside the others. */
  readonly clashes: (training: Settings, pipeline: Surroundings) => boolean;
  readonly expected: string;
}

/** Of transformers' polynomial schedule. */
const polynomialEnd = 1e-7;

/** Combinations of settings that cannot work, each with the reason. What is not set has its default. */
const rules: readonly Rule[] = [
  {
    setting: 'bestBy',
    clashes: ({ bestBy }, { task }) => task !== 'single-label' && bestBy === 'accuracy',
    expected: 'macroF1, valLoss or last: accuracy is a score of single-label pipelines',
  },
  {
    setting: 'freezeLayers',
    clashes: ({ freezeLayers }, { model }) => isSet(freezeLayers) && isFromScratch(model),
    expected: 'null with model.scratch: its weights are random, and would stay so',
  },
  {
    setting: 'cacheFrozen',
    clashes: ({ cacheFrozen, freezeLayers }) =>
      cacheFrozen !== neutralSettings.cacheFrozen && !isSet(freezeLayers),
    expected: `${neutralSettings.cacheFrozen} without freezeLayers: nothing stays the same of a text`,
  },
  {
    setting: 'reinitLayers',
    clashes: ({ reinitLayers }, { model }) =>
      reinitLayers !== neutralSettings.reinitLayers && isFromScratch(model),
    expected: `${neutralSettings.reinitLayers} with model.scratch, whose weights are all new`,
  },
  {
    setting: 'lora',
    clashes: ({ lora }, { model }) => isSet(lora) && isFromScratch(model),
    expected: 'null with model.scratch: its random weights would stay as they are below the adapters',
  },
  {
    setting: 'lora',
    clashes: ({ lora, reinitLayers }) => isSet(lora) && reinitLayers !== neutralSettings.reinitLayers,
    expected: 'null beside reinitLayers: the new weights of a layer must be trained themselves',
  },
  {
    setting: 'pseudo',
    clashes: ({ pseudo }, { test }) => isSet(pseudo) && !isSet(test),
    expected: 'null without data.test, whose rows it would train on',
  },
  {
    setting: 'bestBy',
    clashes: ({ pseudo, bestBy }) => isSet(pseudo) && bestBy !== 'last',
    expected:
      'last beside pseudo: an epoch that held-out rows choose would carry what they are into the labels of the rows to predict, and back',
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
  {
    setting: 'asymmetric',
    clashes: ({ asymmetric }, { task }) => isSet(asymmetric) && task === 'single-label',
    expected:
      'null with task: single-label, whose rows have one class each: there are no negatives of their own to discount; focalGamma discounts easy rows',
  },
  ...(['labelSmoothing', 'classWeights', 'focalGamma'] as const).map((setting) => ({
    setting,
    clashes: (training: Settings) =>
      isSet(training['asymmetric']) && training[setting] !== neutralSettings[setting],
    expected: `${neutralSettings[setting]} beside asymmetric, which weighs positives and negatives itself`,
  })),
  {
    setting: 'fgm',
    clashes: ({ fgm, freezeLayers }) => fgm !== neutralSettings.fgm && isSet(freezeLayers),
    expected: `${neutralSettings.fgm} beside freezeLayers, which keeps the embeddings that it would move`,
  },
  {
    setting: 'fgm',
    clashes: ({ fgm, lora }) => fgm !== neutralSettings.fgm && isSet(lora),
    expected: `${neutralSettings.fgm} beside lora, which keeps the embeddings that it would move`,
  },
  {
    setting: 'awp',
    clashes: ({ awp, fgm }) => isSet(awp) && fgm !== neutralSettings.fgm,
    expected: 'null beside fgm: weights are perturbed in one way',
  },
  {
    setting: 'awp',
    clashes: ({ awp, epochs }) => {
      if (typeof awp !== 'object' || awp === null) return false;
      const { from } = { ...awpDefaults, ...awp };
      return typeof from === 'number' && typeof epochs === 'number' && from > epochs;
    },
    expected: 'null, or `from` an epoch that is trained',
  },
  {
    setting: 'evaluations',
    clashes: ({ evaluations, bestBy }) => evaluations !== neutralSettings.evaluations && bestBy === 'last',
    expected: `${neutralSettings.evaluations} with bestBy: last, by which the end of the last epoch is kept`,
  },
  {
    setting: 'evaluations',
    clashes: ({ evaluations, swa }) => evaluations !== neutralSettings.evaluations && isSet(swa),
    expected: `${neutralSettings.evaluations} beside swa, whose average is that of epochs' ends`,
  },
  {
    setting: 'ema',
    clashes: ({ ema, swa }) => isSet(ema) && isSet(swa),
    expected: 'null beside swa: the weights are averaged in one way',
  },
  {
    setting: 'swa',
    clashes: ({ swa, epochs }) => typeof swa === 'number' && typeof epochs === 'number' && swa >= epochs,
    expected: 'an epoch before the last: it takes two to average',
  },
];

function isFromScratch(model: unknown): boolean {
  return typeof model === 'object' && model !== null && 'scratch' in model && isSet(model.scratch);
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** What of the training cannot work beside the rest of the pipeline. */
export function trainingProblems(training: unknown, pipeline: Surroundings): Problem[] {
  if (typeof training !== 'object' || training === null || Array.isArray(training)) return [];
  const settings: Settings = { ...referenceTraining, ...training };
  return [...clashes(settings, pipeline), ...weightProblems(settings['classWeights'], pipeline.labels)];
}

function clashes(settings: Settings, pipeline: Surroundings): Problem[] {
  return rules
    .filter(({ clashes }) => clashes(settings, pipeline))
    .map(({ setting, expected }) => ({
      path: ['training', setting],
      found: describe(settings[setting]),
      expected,
    }));
}

/** Weights of labels that the pipeline does not have. */
function weightProblems(weights: unknown, labels: readonly string[]): Problem[] {
  if (typeof weights !== 'object' || weights === null || Array.isArray(weights)) return [];
  return Object.keys(weights)
    .filter((label) => !labels.includes(label))
    .map((label) => ({
      path: ['training', 'classWeights', label],
      atKey: true,
      found: `the label ${describe(label)}`,
      expected: 'one of the labels of the pipeline',
    }));
}
