import { describe, expect, it } from 'vitest';
import { isActivity } from '../../pipeline/activities.js';
import { planSteps } from '../../pipeline/dag.js';
import { completeStep, defaultSteps } from '../../pipeline/defaults.js';
import { parsePipeline } from '../../pipeline/load.js';
import { cellId } from '../../pipeline/matrix.js';
import type { ActivityName, Pipeline } from '../../pipeline/pipeline.js';

const base = parsePipeline(
  'name: e\nlabels: [joy]\ndata: { train: a, test: b }\nfolds: { count: 3 }\nmodel: { checkpoint: m }\n',
  { file: 'p.yaml' },
);

/** `'fold: trainFold data'` is a step by name, activity and needs. */
function pipeline(...lines: string[]): Pipeline {
  const steps = lines.map((line) => {
    const [name, run, ...needs] = line.split(/:? +/) as [string, ActivityName, ...string[]];
    const known = isActivity(run) ? run : 'prepareData';
    const matrix = run === 'trainFold' ? { matrix: { fold: 'all' } as const } : {};
    return [name, { ...completeStep({ run: known, needs, ...matrix }), run }];
  });
  return { ...base, steps: Object.fromEntries(steps) as Pipeline['steps'] };
}

const plan = (...lines: string[]) => planSteps(pipeline(...lines));

describe('planSteps', () => {
  it('gives the six steps in order, with what feeds each', () => {
    const six = planSteps({ ...base, steps: defaultSteps(base.data) });
    expect(
      six.map(({ name, sources, output, cells }) => ({ name, sources, output, cells: cells.map(cellId) })),
    ).toEqual([
      { name: 'data', sources: {}, output: 'data', cells: [] },
      { name: 'fold', sources: { data: 'data' }, output: 'fold', cells: ['1', '2', '3'] },
      { name: 'oof', sources: { data: 'data', fold: 'fold' }, output: 'oof', cells: [] },
      { name: 'thresholds', sources: { data: 'data', oof: 'oof' }, output: 'thresholds', cells: [] },
      {
        name: 'submission',
        sources: { data: 'data', fold: 'fold', thresholds: 'thresholds' },
        output: 'submission',
        cells: [],
      },
      {
        name: 'report',
        sources: {
          data: 'data',
          fold: 'fold',
          oof: 'oof',
          thresholds: 'thresholds',
          submission: 'submission',
        },
        output: 'report',
        cells: [],
      },
    ]);
  });

  it('orders steps by their needs, else as in the file', () => {
    const steps = plan('t: tuneThresholds o', 'z: prepareData', 'o: aggregateOof f', 'f: trainFold z');
    expect(steps.map(({ name }) => name)).toEqual(['z', 'f', 'o', 't']);
  });

  it('takes the output of the step that is needed, not of another of its kind', () => {
    const steps = plan('a: prepareData', 'b: prepareData', 'f: trainFold b');
    expect(steps.map(({ sources }) => sources)).toEqual([{}, {}, { data: 'b' }]);
  });

  it('lets a step need another whose output it does not take', () => {
    expect(plan('a: prepareData', 'f: trainFold a', 'b: prepareData f').map(({ name }) => name)).toEqual([
      'a',
      'f',
      'b',
    ]);
  });

  it('lets the report do without a submission, and wires it where there is one', () => {
    const until = ['d: prepareData', 'f: trainFold d', 'o: aggregateOof f', 't: tuneThresholds o'];
    const sources = (...more: string[]) => plan(...until, ...more).at(-1)?.sources;
    expect(sources('r: writeReport t')).toEqual({ data: 'd', fold: 'f', oof: 'o', thresholds: 't' });
    expect(sources('s: predictEnsemble t', 'r: writeReport s')).toHaveProperty('submission', 's');
    expect(sources('s: predictEnsemble t', 'r: writeReport t')).not.toHaveProperty('submission');
  });

  it('takes a pipeline of some of the steps', () => {
    expect(plan('a: prepareData')).toHaveLength(1);
  });
});

describe('planSteps refuses', () => {
  const cases: [claim: string, lines: string[], message: RegExp][] = [
    ['a step that needs itself', ['a: prepareData a'], /steps\.a\.needs: found the cycle a → a/],
    ['two steps that need each other', ['a: prepareData f', 'f: trainFold a'], /the cycle a → f → a/],
    [
      'a longer cycle, named along its needs',
      ['d: prepareData o', 'f: trainFold d', 'o: aggregateOof f'],
      /the cycle d → o → f → d/,
    ],
    [
      'an unknown need, with a suggestion',
      ['data: prepareData', 'f: trainFold dat'],
      /steps\.f\.needs\.0: found the unknown step "dat", expected one of data/,
    ],
    ['a need given twice', ['a: prepareData', 'f: trainFold a a'], /the step "a" a second time/],
    ['an unknown activity', ['a: constructor'], /the unknown activity "constructor"/],
    [
      'an input that no step gives',
      ['a: prepareData', 'f: trainFold'],
      /steps\.f\.needs: found no step that gives trainFold its data, expected exactly one step of prepareData/,
    ],
    [
      'an input whose step is not waited for',
      ['a: prepareData', 'f: trainFold a', 'o: aggregateOof a'],
      /no step that gives aggregateOof its fold/,
    ],
    [
      'an input that several steps give',
      ['a: prepareData', 'b: prepareData', 'f: trainFold a b'],
      /several steps that give trainFold its data: a, b/,
    ],
    [
      'an input given twice through others',
      ['a: prepareData', 'b: prepareData a', 'f: trainFold b'],
      /several steps that give trainFold its data: a, b/,
    ],
    [
      'two steps that write the same file',
      ['a: prepareData', 'f: trainFold a', 'g: trainFold a'],
      /steps\.g\.run: found a second step of trainFold, besides f.*models\//,
    ],
  ];
  it.each(cases)('%s', (_, lines, message) => {
    expect(() => plan(...lines)).toThrow(message);
  });

  it('training without a matrix', () => {
    const steps = {
      a: completeStep({ run: 'prepareData', needs: [] }),
      f: completeStep({ run: 'trainFold', needs: ['a'] }),
    };
    expect(() => planSteps({ ...base, steps })).toThrow(
      /trainFold without a matrix, expected `matrix: \{ fold: all \}`/,
    );
  });

  it('a matrix on anything else', () => {
    const steps = { a: completeStep({ run: 'prepareData', needs: [], matrix: { fold: 'all' } }) };
    expect(() => planSteps({ ...base, steps })).toThrow(/a matrix on prepareData, expected none/);
  });

  it('several faults, all told', () => {
    expect(() => plan('a: prepareData x', 'f: trainFold y')).toThrow(/"x".*"y"/);
  });
});

it('200 steps in a chain are planned, 201 refused', () => {
  const chain = (count: number) =>
    JSON.stringify({
      ...base,
      steps: Object.fromEntries(
        Array.from({ length: count }, (_, n) => [
          `s${n}`,
          { run: 'prepareData', needs: n === 0 ? [] : [`s${n - 1}`] },
        ]),
      ),
    });
  expect(planSteps(parsePipeline(chain(200), { file: 'p.json' }))).toHaveLength(200);
  expect(() => parsePipeline(chain(201), { file: 'p.json' })).toThrow(
    /found 201 steps, expected at most 200/,
  );
});
