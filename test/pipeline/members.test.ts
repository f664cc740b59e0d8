import { describe, expect, it } from 'vitest';
import { activities } from '../../pipeline/activities.js';
import { stepKey } from '../../pipeline/keys.js';
import { parsePipeline } from '../../pipeline/load.js';
import { axesOf, cellId, cellsOf, combinationsOf, memberPattern } from '../../pipeline/matrix.js';
import { checkpointsOf, memberOf, membersOf } from '../../pipeline/members.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { requireResolved } from '../../pipeline/resolved.js';

const scratch = (hiddenSize: number): string =>
  `{ type: bert, hiddenSize: ${hiddenSize}, layers: 1, heads: 1, intermediateSize: 8, vocabulary: 20 }`;

function source(matrix: string, model = `{ scratch: ${scratch(8)} }`): string {
  return [
    'name: p',
    'labels: [joy]',
    'data: { train: a.csv }',
    `model: ${model}`,
    'steps:',
    '  data: { run: prepareData }',
    `  fold: { run: trainFold, needs: data, matrix: ${matrix} }`,
  ].join('\n');
}

const isFolder = (path: string): boolean => path.startsWith('/x/local');
const read = (matrix: string, model?: string, overrides: Record<string, string> = {}): Pipeline =>
  parsePipeline(source(matrix, model), { file: '/x/p.yaml', isFolder, overrides });
const ids = (pipeline: Pipeline): string[] => membersOf(pipeline).map(({ id }) => id);
const fault = (matrix: string, model?: string): string => {
  try {
    read(matrix, model);
  } catch (error) {
    return String(error).split('\n').slice(1).join('\n');
  }
  return 'none';
};

describe('the members of a pipeline', () => {
  it('are the pipeline itself, without a name, where folds are the only axis', () => {
    const pipeline = read('{ fold: all }');
    expect(membersOf(pipeline)).toEqual([{ id: '', settings: {}, pipeline }]);
    expect(cellsOf(pipeline).map(cellId)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('are every combination of the other axes, the last one varying fastest', () => {
    const pipeline = read('{ fold: all, training.seed: [1, 2], model.maxLength: [64, 128] }');
    expect(ids(pipeline)).toEqual([
      'seed-1_maxLength-64',
      'seed-1_maxLength-128',
      'seed-2_maxLength-64',
      'seed-2_maxLength-128',
    ]);
    const third = membersOf(pipeline)[2]!;
    expect(third.settings).toEqual({ 'training.seed': 2, 'model.maxLength': 64 });
    expect(third.pipeline.training.seed).toBe(2);
    expect(third.pipeline.model.maxLength).toBe(64);
    expect(cellId(cellsOf(pipeline)[6]!)).toBe('seed-1_maxLength-128/2');
  });

  it('are trained as by a pipeline with their settings alone: under the same key', () => {
    const trained = (pipeline: Pipeline): string =>
      stepKey({
        activity: 'trainFold',
        version: 1,
        parameters: activities.trainFold.parameters(pipeline),
        inputs: null,
      });
    const member = memberOf(read('{ fold: all, training.seed: [1, 2] }'), 'seed-2');
    const alone = read('{ fold: all }', undefined, { 'training.seed': '2' });
    expect(trained(member.pipeline)).toBe(trained(alone));
    expect(trained(member.pipeline)).not.toBe(trained(read('{ fold: all }')));
  });

  it('may be told as nested maps, as by --set', () => {
    const dotted = read('{ fold: all, training.seed: [1, 2] }');
    expect(read('{ fold: all, training: { seed: [1, 2] } }')).toEqual(dotted);
    expect(read('{ fold: all }', undefined, { 'steps.fold.matrix.training.seed': '[1, 2]' })).toEqual(dotted);
  });

  it('may be the only place where the model is named', () => {
    const pipeline = read('{ fold: all, model.checkpoint: [local, owner/b] }', '{ maxLength: 32 }');
    expect(checkpointsOf(pipeline)).toEqual(['/x/local', 'owner/b']);
    expect(ids(pipeline)).toEqual(['checkpoint-local', 'checkpoint-b']);
    const shapes = read(`{ fold: all, model.scratch: [${scratch(8)}, ${scratch(16)}] }`, '{}');
    expect(ids(shapes)).toEqual(['scratch-1', 'scratch-2']);
    expect(membersOf(shapes).map(({ pipeline: { model } }) => model.scratch?.hiddenSize)).toEqual([8, 16]);
  });

  it('resolve again to what they are', () => {
    const pipeline = read('{ fold: all, model.checkpoint: [local, owner/b], training.seed: [1, 2] }', '{}');
    expect(requireResolved(JSON.parse(JSON.stringify(pipeline)))).toEqual(pipeline);
  });

  it('have names that are folders of their own, whatever the values are', () => {
    const values = [
      'a/b',
      '../c',
      'd e',
      '',
      '.',
      'x'.repeat(200),
      'é',
      'A',
      'a',
      null,
      {},
      [1],
      true,
      1e-5,
      -1,
    ];
    for (const first of values)
      for (const second of values) {
        const axes = [
          { path: 'training.seed', values: [first, second, 'z'] },
          { path: 'model.scratch.seed', values: [second, first] },
        ];
        const found = combinationsOf(axes).map(({ id }) => id);
        for (const id of found) expect(id).toMatch(memberPattern);
        expect(new Set(found.map((id) => id.toLowerCase())).size).toBe(first === second ? 3 * 2 : 6);
      }
  });

  it('of one name are told by longer ones', () => {
    const axes = [
      { path: 'training.seed', values: [1] },
      { path: 'model.seed', values: [2] },
    ];
    expect(combinationsOf(axes).map(({ id }) => id)).toEqual(['training-seed-1_model-seed-2']);
  });

  it('of another name are no members', () => {
    const pipeline = read('{ fold: all, training.seed: [1, 2] }');
    expect(() => memberOf(pipeline, 'seed-3')).toThrow(/no such member.*seed-1, seed-2/s);
    expect(() => memberOf(read('{ fold: all }'), 'seed-3')).toThrow(/folds are its only axis/);
  });
});

describe('an axis', () => {
  it.each([
    [
      'of the data',
      '{ fold: all, folds.count: [2, 3] }',
      /matrix\.folds\.count: found the matrix axis "folds\.count", expected `fold`/,
    ],
    [
      'that changes no result',
      '{ fold: all, training.checkpointEvery: [1, 2] }',
      /expected one that changes the result/,
    ],
    [
      'with a value twice',
      '{ fold: all, training.seed: [1, 2, 1] }',
      /matrix\.training\.seed\[2\]: found 1 a second time/,
    ],
    [
      'with a value that does not fit',
      '{ fold: all, training.seed: [1, x] }',
      /matrix\.training\.seed\[1\]: found "x", expected a number/,
    ],
    [
      'of no setting',
      '{ fold: all, training.sead: [1] }',
      /matrix\.training\.sead\[0\]: found an unknown key.*did you mean "seed"/,
    ],
    ['without values', '{ fold: all, training.seed: [] }', /matrix\.training\.seed: found an empty list/],
    [
      'with a value in place of a list',
      '{ fold: all, training.seed: 3 }',
      /matrix\.training\.seed: found 3, expected a list/,
    ],
    [
      'above another',
      `{ fold: all, model.scratch: [${scratch(8)}], model.scratch.layers: [1, 2] }`,
      /beside one below it/,
    ],
    [
      'that does not go with another',
      '{ fold: all, model.scratch.hiddenSize: [8, 9], model.scratch.heads: [1, 2] }',
      /hiddenSize\[1\]: found 9, expected a multiple of heads, 2/,
    ],
    [
      'of a model beside the other kind',
      '{ fold: all, model.checkpoint: [owner/a] }',
      /found model: both checkpoint and scratch/,
    ],
  ])('%s is refused at its place', (_, matrix, expected) => {
    expect(fault(matrix)).toMatch(expected);
  });

  it('of a checkpoint that is neither a folder nor a name of the hub is refused', () => {
    expect(fault('{ fold: all, model.checkpoint: [local, a/b/c] }', '{}')).toMatch(
      /matrix\.model\.checkpoint\[1\]: found "a\/b\/c", expected an existing folder/,
    );
  });

  it('among too many is refused', () => {
    const seeds = Array.from({ length: 100 }, (_, seed) => seed).join(', ');
    expect(
      fault(
        `{ fold: all, training.seed: [${seeds}], training.batchSize: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }`,
      ),
    ).toMatch(/matrix: found 1100 combinations, expected at most 300/);
    expect(fault(`{ fold: all, training.seed: [${seeds}, 100] }`)).toMatch(/matrix\.training\.seed/);
  });

  it('is one of the step that trains', () => {
    expect(axesOf(read('{ fold: all, training.seed: [1, 2] }'))).toEqual([
      { path: 'training.seed', values: [1, 2] },
    ]);
  });
});
