import { describe, expect, it } from 'vitest';
import { placeOfFold, splitWords } from '../../pipeline/folds.js';
import { pipelineDigest } from '../../pipeline/keys.js';
import { parsePipeline } from '../../pipeline/load.js';
import { cellsOf } from '../../pipeline/matrix.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { PipelineFault } from '../../pipeline/problem.js';

const load = (folds: object, changes: object = {}): Pipeline =>
  parsePipeline(
    JSON.stringify({
      name: 'e',
      labels: ['joy', 'fear'],
      data: { train: 'a.csv' },
      model: { checkpoint: 'm' },
      folds,
      ...changes,
    }),
    { file: 'p.yaml' },
  );

function problemsOf(folds: object, changes: object = {}): string[] {
  try {
    load(folds, changes);
    return [];
  } catch (error) {
    if (!(error instanceof PipelineFault)) throw error;
    return error.problems.map(({ path, found, expected }) => `${path.join('.')}: ${found}; ${expected}`);
  }
}

describe('what does not go together in a split is refused with the reason', () => {
  const cases: [folds: object, reason: RegExp, changes?: object][] = [
    [{ strategy: 'group' }, /^folds\.strategy: .*group.*; folds\.group, the column/],
    [{ strategy: 'stratified-group', together: 'none' }, /^folds\.strategy: .*folds\.together beside it/],
    [{ strategy: 'multilabel', group: 'author' }, /^folds\.strategy: .*does not keep groups whole/],
    [{ strategy: 'multilabel', together: 'duplicates' }, /^folds\.strategy: .*does not keep groups whole/],
    [{ strategy: 'multilabel' }, /^folds\.strategy: .*stratified, which/, { task: 'single-label' }],
    [{ strategy: 'group', group: 'author', repeats: 2 }, /^folds\.repeats: 2; 1: group draws nothing/],
    [{ column: 'part', strategy: 'random' }, /^folds\.strategy: .*folds\.column gives the folds/],
    [{ column: 'part', together: 'duplicates' }, /^folds\.together: .*says already/],
    [{ column: 'part', repeats: 2 }, /^folds\.repeats: 2; 1: folds\.column gives one split/],
    [{ column: 'part', group: 'part' }, /^folds\.column: .*another column than folds\.group/],
    [{ group: 'joy' }, /^folds\.group: .*this is a label/],
    [{ column: 'id' }, /^folds\.column: .*this is the id column/],
    [{ group: 'key' }, /^folds\.group: .*id column/, { data: { train: 'a.csv', id: 'key' } }],
    [{ group: 'body' }, /^folds\.group: .*text column/, { data: { train: 'a.csv', text: ['body'] } }],
    [
      { group: 'kind' },
      /^folds\.group: .*column of the classes/,
      { task: 'single-label', data: { train: 'a.csv', target: 'kind' } },
    ],
    [{ count: 20, repeats: 51 }, /^folds\.repeats: 51; at most 50 with 20 folds/],
    [
      { count: 5, repeats: 100 },
      /^folds\.repeats: 100; at most \d+ with 5 folds of 300 epochs/,
      { training: { epochs: 300 } },
    ],
    [{ repeats: 0 }, /^folds\.repeats/],
    [{ strategy: 'groups' }, /^folds\.strategy/],
  ];
  it.each(cases)('%j', (folds, reason, changes = {}) => {
    expect(problemsOf(folds, changes)).toEqual([expect.stringMatching(reason)]);
  });

  it.each([
    { group: 'author' },
    { strategy: 'random', group: 'author', repeats: 2 },
    { strategy: 'group', together: 'near-duplicates' },
    { strategy: 'stratified-group', group: 'author', together: 'duplicates', repeats: 3 },
    { column: 'part', group: 'author' },
    { strategy: 'multilabel', repeats: 2 },
  ])('but not %j', (folds) => {
    expect(problemsOf(folds)).toEqual([]);
  });
});

describe('repeated splits', () => {
  it('have cells for all their folds, split by split', () => {
    const pipeline = load({ count: 3, repeats: 2 });
    expect(cellsOf(pipeline).map(({ fold }) => fold)).toEqual([1, 2, 3, 4, 5, 6]);
    expect([1, 3, 4, 6].map((fold) => placeOfFold(fold, pipeline.folds))).toEqual([
      { repeat: 1, fold: 1 },
      { repeat: 1, fold: 3 },
      { repeat: 2, fold: 1 },
      { repeat: 2, fold: 3 },
    ]);
  });
});

it('settings that say what is so without them make no other pipeline', () => {
  const plain = pipelineDigest(load({}));
  expect(pipelineDigest(load({ together: 'none', repeats: 1 }))).toBe(plain);
  expect(pipelineDigest(load({ together: 'duplicates' }))).not.toBe(plain);
  expect(pipelineDigest(load({ repeats: 2 }))).not.toBe(plain);
});

it.each([
  [{}, '5 folds, stratified, seed 42'],
  [{ group: 'author' }, '5 folds, stratified-group, groups by the column "author", seed 42'],
  [{ strategy: 'group', together: 'duplicates' }, '5 folds, group, duplicates kept together'],
  [{ column: 'part', count: 3 }, '3 folds, given by the column "part"'],
  [{ strategy: 'multilabel', repeats: 2 }, '2 × 5 folds, multilabel, seed 42'],
])('the split %j is told as %s', (folds, words) => {
  expect(splitWords(load(folds).folds)).toBe(words);
});
