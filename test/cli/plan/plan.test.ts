import { describe, expect, it } from 'vitest';
import { drawSteps } from '../../../cli/plan/draw-steps.js';
import { estimateTraining } from '../../../cli/plan/estimate.js';
import { memberWords } from '../../../cli/plan/member-words.js';
import { paint } from '../../../cli/terminal/paint.js';
import type { PlannedStep } from '../../../pipeline/dag.js';
import type { EnsembleOptions } from '../../../pipeline/ensemble.js';
import type { Matrix } from '../../../pipeline/matrix.js';
import { sampleReport } from '../../report/sample.js';

const cells = (folds: readonly number[]) => folds.map((fold) => ({ member: '', fold }));

function planned(name: string, needs: readonly string[], folds: readonly number[] = []): PlannedStep {
  const step = { run: 'prepareData', needs, queue: 'main', timeout: '1h', onFailure: 'fail' } as const;
  return { name, step, sources: {}, output: 'data', cells: cells(folds) };
}

describe('the drawing of the steps', () => {
  it('hangs each step below the last one it waits for, and names what it needs beside its branch', () => {
    const steps = [
      planned('a', []),
      planned('b', ['a'], [1, 2]),
      planned('c', ['a']),
      planned('d', ['b', 'c']),
    ];
    expect(drawSteps(steps, ({ name }) => (name === 'd' ? 'last' : ''), paint(false))).toEqual([
      'a         prepareData',
      '├─ b × 2  prepareData',
      '└─ c      prepareData',
      '   └─ d   prepareData, also after b, last',
    ]);
  });

  it('does not name a need that is above anyway', () => {
    const steps = [planned('a', []), planned('b', ['a']), planned('c', ['a', 'b'])];
    expect(drawSteps(steps, () => '', paint(false)).at(-1)).toBe('   └─ c  prepareData');
  });
});

describe('the estimate', () => {
  const { result } = sampleReport({ rows: 400, folds: 5 });

  it('is the steps of the folds times the pace of the latest run that trains alike', () => {
    const stepsPerFold = 4 * Math.ceil(320 / 16);
    const estimate = estimateTraining(result.configuration, 400, cells([1, 2, 3, 4, 5]), [
      result,
      { ...result, run: 'later' },
    ]);
    expect(estimate.optimizerSteps).toBe(5 * stepsPerFold);
    expect(estimate.seconds).toBeCloseTo(5 * 14.8, 9);
    expect(estimate.judgedBy).toBe('later');
  });

  it('counts only the folds that are left', () => {
    expect(estimateTraining(result.configuration, 400, cells([2, 4]), [result]).seconds).toBeCloseTo(
      2 * 14.8,
      9,
    );
  });

  it('has no time where the only earlier run trained another model', () => {
    const other = { ...result.configuration, model: { checkpoint: 'a/b', maxLength: 128 } };
    expect(estimateTraining(other, 400, cells([1, 2, 3, 4, 5]), [result])).toMatchObject({
      seconds: null,
      judgedBy: null,
    });
  });
});

describe('an earlier run tells the time', () => {
  const { result } = sampleReport({ rows: 400, folds: 5 });
  const { configuration } = result;
  const secondsBy = (changes: Partial<typeof configuration.training>, train = configuration.data.train) => {
    const data = { ...configuration.data, train };
    const pipeline = { ...configuration, data, training: { ...configuration.training, ...changes } };
    return estimateTraining(pipeline, 400, cells([1]), [result]).seconds;
  };

  it.each([
    { learningRate: 5e-5 },
    { seed: 7 },
    { labelSmoothing: 0.1 },
    { classWeights: 'balanced' },
  ] as const)('of steps that are as much work: %j', (changes) =>
    expect(secondsBy(changes)).toBeCloseTo(14.8, 9),
  );

  it.each([{ fgm: 0.5 }, { rDrop: 1 }, { freezeLayers: 2 }, { batchSize: 8 }, { evaluations: 4 }])(
    'not of steps that are other work: %j',
    (changes) => expect(secondsBy(changes)).toBeNull(),
  );

  it('not of another table, whose texts are of other lengths', () => {
    expect(secondsBy({}, '/home/someone/other.csv')).toBeNull();
  });

  it('not of a card', () => {
    const onCard = { ...result, folds: result.folds.map((fold) => ({ ...fold, device: 'cuda:0' })) };
    expect(estimateTraining(configuration, 400, cells([1]), [onCard]).seconds).toBeNull();
  });
});

describe('the members of an ensemble', () => {
  const withAxes = (matrix: Matrix, ensemble?: EnsembleOptions) => {
    const step = { ...planned('fold', []).step, run: 'trainFold', matrix } as const;
    return memberWords({ steps: { fold: step }, ...(ensemble === undefined ? {} : { ensemble }) });
  };

  it('are not told where folds are the only axis', () => {
    expect(withAxes({ fold: 'all' })).toBeNull();
  });

  it('are told with their axes, and the first of them by name', () => {
    expect(withAxes({ fold: 'all', 'training.seed': [1, 2], 'model.maxLength': [64, 128] })).toBe(
      '4 members (training.seed × 2, model.maxLength × 2): seed-1_maxLength-64, seed-1_maxLength-128, seed-2_maxLength-64, seed-2_maxLength-128',
    );
    expect(withAxes({ fold: 'all', 'training.seed': [1, 2, 3, 4, 5, 6, 7] })).toMatch(/seed-6, …$/);
  });

  it('are told with how they are weighed, where it is not alike', () => {
    const seeds = { fold: 'all', 'training.seed': [1, 2] } as const;
    const words = (method: EnsembleOptions['method']) => withAxes(seeds, { method, incomplete: 'keep' });
    expect(words('mean')).toBe('2 members (training.seed × 2): seed-1, seed-2');
    expect(words('greedy')).toBe('2 members (training.seed × 2): seed-1, seed-2; weighed by greedy');
  });
});

it('estimates each member by its own pace', () => {
  const { result } = sampleReport({ rows: 400, folds: 2 });
  const { steps } = result.configuration;
  const fold = { ...steps['fold']!, matrix: { fold: 'all', 'training.epochs': [4, 8] } as const };
  const pipeline = { ...result.configuration, steps: { ...steps, fold } };
  const each = ['epochs-4', 'epochs-8'].map((member) => ({ member, fold: 1 }));
  const [one, two] = each.map((cell) => estimateTraining(pipeline, 400, [cell], [result]));
  expect(two!.optimizerSteps).toBe(2 * one!.optimizerSteps);
  expect(two!.seconds).toBeCloseTo(2 * one!.seconds!, 9);
  expect(estimateTraining(pipeline, 400, each, [result]).seconds).toBeCloseTo(3 * one!.seconds!, 9);
});
