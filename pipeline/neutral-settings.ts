import { defaultEpochChoice } from '../tasks/index.js';

/**
 * The options of the training beyond the reference method, each with its neutral value: the reference method
 * trains as if there were no such option. Schema, keys and engine take the values from here. A neutral option
 * is left out of a key, so that one more of them retires nothing that was trained.
 */
export const neutralSettings = {
  bestBy: defaultEpochChoice,
  layerDecay: 1,
  freezeLayers: null,
  cacheFrozen: false,
  reinitLayers: 0,
  lora: null,
  pseudo: null,
  patience: null,
  schedule: 'linear',
  schedulePower: 1,
  labelSmoothing: 0,
  classWeights: null,
  focalGamma: 0,
  asymmetric: null,
  dropoutSamples: 1,
  rDrop: 0,
  fgm: 0,
  awp: null,
  accumulate: 1,
  gradientCheckpointing: false,
  microBatch: 'auto',
  precision: 'auto',
  evaluations: 1,
  ema: null,
  swa: null,
} as const;

/**
 * Settings of the training that change no bit of a result: no part of a fold's key, and no axis of a matrix.
 * `retrySeeds` decides only whether a diverged fold gets a result at all, and `gradientCheckpointing` what a step
 * holds in memory.
 */
export const bitlessSettings = ['gradientCheckpointing', 'checkpointEvery', 'retrySeeds'] as const;

/** The training without the options that are neutral. */
export function withoutNeutral<Training extends object>(training: Training): Partial<Training> {
  const neutral = new Map<string, unknown>(Object.entries(neutralSettings));
  const entries = Object.entries(training).filter(
    ([name, value]) => !(neutral.has(name) && neutral.get(name) === value),
  );
  return Object.fromEntries(entries) as Partial<Training>;
}

/** The options of the training that are not neutral, by name. */
export function optionsSet(training: object): [name: string, value: unknown][] {
  return Object.entries(withoutNeutral(training)).filter(([name]) => name in neutralSettings);
}

/** The same in words, as in a file: `ema: 0.99, schedule: cosine`. Empty where all are neutral. */
export function optionWords(training: object): string {
  return optionsSet(training)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

/**
 * What of the training decides the bits of a fold: all of the reference method's settings, and the options
 * that are not neutral.
 */
export function numericSettings<Training extends object>(training: Training): Partial<Training> {
  const bitless: readonly string[] = bitlessSettings;
  const entries = Object.entries(withoutNeutral(training)).filter(([name]) => !bitless.includes(name));
  return Object.fromEntries(entries) as Partial<Training>;
}
