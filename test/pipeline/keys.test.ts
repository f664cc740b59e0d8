import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { activities, activityNames } from '../../pipeline/activities.js';
import { canonicalJson, pipelineDigest, stepKey, type StepIdentity } from '../../pipeline/keys.js';
import { bitlessSettings, neutralSettings } from '../../pipeline/neutral-settings.js';
import { parsePipeline } from '../../pipeline/load.js';
import type { ActivityName, Pipeline } from '../../pipeline/pipeline.js';
import { referenceTraining, trainingSchema, type TrainingOptions } from '../../pipeline/training.js';

const base = parsePipeline(
  'name: e\nlabels: [joy]\ndata: { train: a, test: b }\nmodel: { checkpoint: m }\n',
  {
    file: 'p.yaml',
  },
);

describe('canonicalJson', () => {
  it.each([
    [{ b: 1, a: [true, null, 'x'] }, '{"a":[true,null,"x"],"b":1}'],
    [{ a: undefined, b: { d: -0, c: 1e21 } }, '{"b":{"c":1e+21,"d":0}}'],
    [{ é: 1, z: 2, Z: 3 }, '{"Z":3,"z":2,"é":1}'],
    [Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
    ['"\u2028', '"\\"\u2028"'],
  ])('of %j is %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
  });

  it.each([NaN, Infinity, undefined, 1n, new Date(0), new Map(), () => 1, [undefined], Symbol('x')])(
    'refuses what JSON would lose: %s',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(TypeError);
    },
  );
});

describe('stepKey', () => {
  const identity: StepIdentity = {
    activity: 'trainFold',
    version: 1,
    parameters: { a: 1 },
    inputs: { data: 'x' },
  };

  it('is a SHA-256, the same for the same identity and for ever', () => {
    expect(stepKey(identity)).toBe('0c59e42f1706cb12fcac8b4bda7ea4b0dc998500131ff722dceadf3240d6cb46');
    expect(stepKey({ ...identity, parameters: { a: 1 } })).toBe(stepKey(identity));
  });

  it.each([
    { activity: 'prepareData' as const },
    { version: 2 },
    { parameters: { a: 2 } },
    { inputs: { data: 'y' } },
  ])('changes with %j', (change) => {
    expect(stepKey({ ...identity, ...change })).not.toBe(stepKey(identity));
  });
});

describe('which change of a pipeline changes which steps', () => {
  const parameters = (activity: ActivityName, pipeline: Pipeline) =>
    canonicalJson(activities[activity].parameters(pipeline));
  const { training, data, folds, model } = base;
  const scratch = {
    type: 'bert',
    hiddenSize: 8,
    layers: 1,
    heads: 2,
    intermediateSize: 8,
    vocabulary: 50,
  } as const;
  const cases: [change: string, pipeline: Pipeline, changed: ActivityName[]][] = [
    ['labels', { ...base, labels: ['joy', 'fear'] }, [...activityNames]],
    ['training.epochs', { ...base, training: { ...training, epochs: 9 } }, ['trainFold', 'writeReport']],
    ['training.seed', { ...base, training: { ...training, seed: 9 } }, ['trainFold', 'writeReport']],
    ['training.checkpointEvery', { ...base, training: { ...training, checkpointEvery: 9 } }, ['writeReport']],
    [
      'training.gradientCheckpointing',
      { ...base, training: { ...training, gradientCheckpointing: true } },
      ['writeReport'],
    ],
    ['training.retrySeeds', { ...base, training: { ...training, retrySeeds: 9 } }, ['writeReport']],
    ['model.checkpoint', { ...base, model: { ...model, checkpoint: 'n' } }, ['writeReport']],
    [
      'model.maxLength',
      { ...base, model: { ...model, maxLength: 9 } },
      ['trainFold', 'predictEnsemble', 'writeReport'],
    ],
    ['model.pooling', { ...base, model: { ...model, pooling: 'mean' } }, ['trainFold', 'writeReport']],
    ['model.truncation', { ...base, model: { ...model, truncation: 'tail' } }, ['trainFold', 'writeReport']],
    [
      'model.windows',
      { ...base, model: { ...model, windows: { overlap: 16, most: 4 } } },
      ['trainFold', 'writeReport'],
    ],
    ['model.scratch', { ...base, model: { scratch, maxLength: 128 } }, ['trainFold', 'writeReport']],
    ['folds.count', { ...base, folds: { ...folds, count: 9 } }, ['prepareData', 'trainFold', 'writeReport']],
    ['folds.seed', { ...base, folds: { ...folds, seed: 9 } }, ['prepareData', 'writeReport']],
    ['folds.group', { ...base, folds: { ...folds, group: 'a' } }, ['prepareData', 'writeReport']],
    ['folds.column', { ...base, folds: { ...folds, column: 'a' } }, ['prepareData', 'writeReport']],
    [
      'folds.together',
      { ...base, folds: { ...folds, together: 'duplicates' } },
      ['prepareData', 'writeReport'],
    ],
    [
      'folds.repeats',
      { ...base, folds: { ...folds, repeats: 2 } },
      ['prepareData', 'aggregateOof', 'writeReport'],
    ],
    ['folds as without them', { ...base, folds: { ...folds, together: 'none', repeats: 1 } }, []],
    ['data.test', { ...base, data: { ...data, test: '/other.csv' } }, ['writeReport']],
    ['data.train', { ...base, data: { ...data, train: '/other.csv' } }, ['writeReport']],
    ['data.text', { ...base, data: { ...data, text: ['x'] } }, ['prepareData', 'writeReport']],
    [
      'data.id',
      { ...base, data: { ...data, id: 'x' } },
      ['prepareData', 'aggregateOof', 'predictEnsemble', 'writeReport'],
    ],
    ['name', { ...base, name: 'f' }, ['writeReport']],
    ['steps', { ...base, steps: {} }, []],
  ];
  it.each(cases)('%s', (_, changed, concerned) => {
    const differing = activityNames.filter(
      (activity) => parameters(activity, changed) !== parameters(activity, base),
    );
    expect(differing).toEqual(activityNames.filter((activity) => concerned.includes(activity)));
  });
});

/** A value other than the neutral one, of each. */
const other: { readonly [Name in keyof typeof neutralSettings]: TrainingOptions[Name] } = {
  bestBy: 'valLoss',
  layerDecay: 0.8,
  freezeLayers: 0,
  cacheFrozen: true,
  reinitLayers: 1,
  pseudo: { confidence: 0.8 },
  lora: { rank: 4, alpha: 8, dropout: 0.1, targets: 'all' },
  patience: 2,
  schedule: 'cosine',
  schedulePower: 2,
  labelSmoothing: 0.1,
  classWeights: 'balanced',
  focalGamma: 2,
  dropoutSamples: 5,
  rDrop: 1,
  fgm: 1,
  awp: { rate: 0.1, epsilon: 0.2, from: 1 },
  accumulate: 2,
  gradientCheckpointing: true,
  microBatch: 4,
  precision: 'float32',
  evaluations: 2,
  ema: 0.99,
  swa: 2,
  asymmetric: { gammaNegative: 4, gammaPositive: 1, margin: 0.05 },
};

describe('the options of the training', () => {
  const key = (training: TrainingOptions) =>
    canonicalJson(activities.trainFold.parameters({ ...base, training }));

  it('are all neutral by default, and then a key knows nothing of them', () => {
    for (const [name, neutral] of Object.entries(neutralSettings))
      expect(referenceTraining).toHaveProperty(name, neutral);
    // As it was before there was any option.
    expect(key(referenceTraining)).toBe(
      '{"folds":5,"labels":["joy"],"maxLength":128,"training":{"batchSize":16,"epochs":4,"learningRate":0.000015,"maxGradNorm":1,"seed":42,"warmupRatio":0.1,"weightDecay":0.01}}',
    );
  });

  const counting = Object.entries(other).filter(
    ([name]) => !(bitlessSettings as readonly string[]).includes(name),
  );
  it.each(counting)('%s is part of the key once it is not neutral', (name, value) => {
    const training = trainingSchema.parse({ [name]: value });
    const settings = { ...referenceTraining, [name]: value };
    expect(training).toEqual(settings);
    expect(key(training)).toContain(`${JSON.stringify(name)}:${canonicalJson(value)}`);
  });

  it.each(bitlessSettings)('%s never is', (name) => {
    expect(key({ ...referenceTraining, [name]: 7 })).toBe(key(referenceTraining));
  });
});

describe('how thresholds are found', () => {
  const differing = (one: Pipeline, other: Pipeline): ActivityName[] =>
    activityNames.filter(
      (activity) =>
        canonicalJson(activities[activity].parameters(one)) !==
        canonicalJson(activities[activity].parameters(other)),
    );

  it('is in no key where it is the grid, and retires what tunes and what reports where it is not', () => {
    expect(differing(base, { ...base, thresholds: 'grid' })).toEqual([]);
    expect(differing(base, { ...base, thresholds: 'exact' })).toEqual(['tuneThresholds', 'writeReport']);
    const thresholds = { method: 'grid', objective: { recall: 0.9 } } as const;
    expect(differing(base, { ...base, thresholds })).toEqual(['tuneThresholds', 'writeReport']);
  });
});

describe('the gates of the tables', () => {
  const differing = (gates: NonNullable<Pipeline['data']['gates']>, model = base.model): ActivityName[] => {
    const gated = { ...base, model, data: { ...data, gates } };
    return activityNames.filter(
      (activity) =>
        canonicalJson(activities[activity].parameters(gated)) !==
        canonicalJson(activities[activity].parameters({ ...base, model })),
    );
  };
  const { data } = base;

  it('concern what reads the tables and what reports alone, so that folds stay', () => {
    expect(differing({ duplicates: 0.01 })).toEqual(['prepareData', 'writeReport']);
    expect(differing({ cut: 0.2 })).toEqual(['prepareData', 'writeReport']);
  });

  it('have the model in the key of the tables only where they ask for its tokens', () => {
    const keyOf = (gates: NonNullable<Pipeline['data']['gates']>, maxLength: number): string =>
      canonicalJson(
        activities.prepareData.parameters({
          ...base,
          model: { ...base.model, maxLength },
          data: { ...data, gates },
        }),
      );
    expect(keyOf({ duplicates: 0.01 }, 64)).toBe(keyOf({ duplicates: 0.01 }, 128));
    expect(keyOf({ cut: 0.2 }, 64)).not.toBe(keyOf({ cut: 0.2 }, 128));
    expect(canonicalJson(activities.prepareData.parameters({ ...base, data: { ...data, gates: {} } }))).toBe(
      canonicalJson(activities.prepareData.parameters(base)),
    );
  });
});

describe('whether texts are shown', () => {
  it('is in the key of the report alone, and in none where they are', () => {
    const differing = (report: NonNullable<Pipeline['report']>): ActivityName[] =>
      activityNames.filter(
        (activity) =>
          canonicalJson(activities[activity].parameters({ ...base, report })) !==
          canonicalJson(activities[activity].parameters(base)),
      );
    expect(differing({ texts: true })).toEqual([]);
    expect(differing({ texts: false })).toEqual(['writeReport']);
  });
});

describe('how probabilities are calibrated', () => {
  it('is in no key where they are not, and retires what tunes and what reports where they are', () => {
    const keys = (pipeline: Pipeline) =>
      activityNames.map((activity) => canonicalJson(activities[activity].parameters(pipeline)));
    expect(keys({ ...base, calibration: 'none' })).toEqual(keys(base));
    const calibrated = keys({ ...base, calibration: 'platt' });
    expect(activityNames.filter((_, place) => calibrated[place] !== keys(base)[place])).toEqual([
      'tuneThresholds',
      'writeReport',
    ]);
  });
});

describe('how the members of an ensemble become one', () => {
  const withMatrix = (seeds: number[], ensemble?: Pipeline['ensemble']): Pipeline => {
    const { fold, ...steps } = base.steps;
    const matrix = { fold: 'all', 'training.seed': seeds } as const;
    return {
      ...base,
      ...(ensemble === undefined ? {} : { ensemble }),
      steps: { ...steps, fold: { ...fold!, matrix } },
    };
  };
  const differing = (one: Pipeline, other: Pipeline): ActivityName[] =>
    activityNames.filter(
      (activity) =>
        canonicalJson(activities[activity].parameters(one)) !==
        canonicalJson(activities[activity].parameters(other)),
    );
  const simplex = { method: 'simplex', incomplete: 'keep' } as const;

  it('concerns no key of a pipeline of one member', () => {
    expect(differing(base, { ...base, ensemble: simplex })).toEqual([]);
    expect(differing(base, withMatrix([7], simplex))).toEqual([]);
  });

  it('is in no key where it is neutral, and retires what joins and what reports where it is not', () => {
    const plain = withMatrix([1, 2]);
    expect(differing(plain, withMatrix([1, 2], { method: 'mean', incomplete: 'keep' }))).toEqual([]);
    expect(differing(plain, withMatrix([1, 2], simplex))).toEqual(['aggregateOof', 'writeReport']);
    const without = { method: 'mean', incomplete: 'drop' } as const;
    expect(differing(plain, withMatrix([1, 2], without))).toEqual(['aggregateOof', 'writeReport']);
    expect(differing(plain, withMatrix([1, 2, 3]))).toEqual(['aggregateOof', 'writeReport']);
    expect(differing(plain, base)).toEqual(['aggregateOof', 'writeReport']);
  });
});

describe('pipelineDigest', () => {
  it('is the same after a trip through JSON, and in any order of fields', () => {
    const { name, ...rest } = JSON.parse(JSON.stringify(base)) as Pipeline;
    expect(pipelineDigest({ ...rest, name })).toBe(pipelineDigest(base));
  });

  it('is that from before there were options, where all are neutral', () => {
    const { epochs, batchSize, learningRate, weightDecay, warmupRatio, maxGradNorm, seed } = base.training;
    const { bestBy, checkpointEvery, retrySeeds } = base.training;
    const before = {
      ...{ epochs, batchSize, learningRate, weightDecay, warmupRatio, maxGradNorm, seed },
      ...{ bestBy, checkpointEvery, retrySeeds },
    };
    const text = canonicalJson({ ...base, training: before });
    expect(pipelineDigest(base)).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('changes with each option', () => {
    const digests = Object.entries(other).map(([name, value]) =>
      pipelineDigest({ ...base, training: { ...base.training, [name]: value } }),
    );
    expect(new Set([pipelineDigest(base), ...digests]).size).toBe(1 + digests.length);
  });

  it('changes with any field', () => {
    expect(pipelineDigest({ ...base, name: 'f' })).not.toBe(pipelineDigest(base));
  });
});
