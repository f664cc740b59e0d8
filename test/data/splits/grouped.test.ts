import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TextMemory } from '../../../data/duplicates/text-memory.js';
import { joinedGroups, type RowGroups } from '../../../data/row-groups.js';
import { assignFolds, type FoldsOptions, type RowsToSplit } from '../../../data/splits/folds.js';
import { RandomState } from '../../../data/splits/random-state.js';

interface Case {
  readonly name: string;
  readonly count: number;
  readonly seed: number;
  readonly labels: readonly string[];
  readonly groups: readonly number[];
  readonly group: number[];
  readonly shuffledGroup: number[][];
  readonly stratifiedGroup: number[][];
  readonly multilabel: number[];
  readonly multilabelRepeats: number[][] | null;
  readonly stratifiedRepeats: number[][];
  readonly randomRepeats: number[][];
}
const file = join(import.meta.dirname, '../../golden/splits/grouped.json');
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly Case[] };

function groupsOf(values: readonly number[]): RowGroups {
  return { of: Int32Array.from(values), count: new Set(values).size };
}

function rowsOf(labels: readonly string[], groups?: readonly number[]): RowsToSplit {
  const values = Uint8Array.from(labels.flatMap((row) => [...row].map(Number)));
  const known = { labels: values, width: labels[0]!.length };
  return groups === undefined ? known : { ...known, groups: groupsOf(groups) };
}

function repeatsOf(rows: RowsToSplit, options: FoldsOptions): number[][] {
  return assignFolds(rows, options).repeats.map((folds) => [...folds]);
}

describe.each(cases)('$name, $count folds from seed $seed', (each) => {
  const { count, seed, labels, groups } = each;
  const repeats = 3;
  const grouped = rowsOf(labels, groups);
  const plain = rowsOf(labels);

  it('group equals scikit-learn’s GroupKFold', () => {
    expect(repeatsOf(grouped, { strategy: 'group', count, seed })).toEqual([each.group]);
  });

  it('random by groups equals its shuffled GroupKFold, repeat for repeat', () => {
    expect(repeatsOf(grouped, { strategy: 'random', count, seed, repeats })).toEqual(each.shuffledGroup);
  });

  it('stratified-group equals its shuffled StratifiedGroupKFold, repeat for repeat', () => {
    const strategy = 'stratified-group';
    expect(repeatsOf(grouped, { strategy, count, seed, repeats })).toEqual(each.stratifiedGroup);
    expect(repeatsOf(grouped, { strategy: 'stratified', count, seed })).toEqual([each.stratifiedGroup[0]]);
  });

  it('multilabel equals iterative-stratification’s MultilabelStratifiedKFold', () => {
    expect(repeatsOf(plain, { strategy: 'multilabel', count, seed })).toEqual([each.multilabel]);
    if (each.multilabelRepeats !== null)
      expect(repeatsOf(plain, { strategy: 'multilabel', count, seed, repeats })).toEqual(
        each.multilabelRepeats,
      );
  });

  it('repeated splits equal those of scikit-learn, the first of them the one without repeats', () => {
    expect(repeatsOf(plain, { strategy: 'random', count, seed, repeats })).toEqual(each.randomRepeats);
    if (each.stratifiedRepeats === null) return;
    const stratified = repeatsOf(plain, { strategy: 'stratified', count, seed, repeats });
    expect(stratified).toEqual(each.stratifiedRepeats);
    expect(repeatsOf(plain, { strategy: 'stratified', count, seed })).toEqual([stratified[0]]);
  });
});

it('over 100 generated tables no group is in two folds, and every fold has rows', () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = new RandomState(seed);
    const count = 2 + random.upTo(4);
    const rows = 60 + random.upTo(100);
    const labels = Array.from({ length: rows }, () => `${random.upTo(1)}${random.upTo(1)}`);
    const order = new Map<number, number>();
    const groups = Array.from({ length: rows }, () => {
      const value = random.upTo(25);
      if (!order.has(value)) order.set(value, order.size);
      return order.get(value)!;
    });
    for (const strategy of ['group', 'random', 'stratified-group'] as const) {
      const { repeats } = assignFolds(rowsOf(labels, groups), { strategy, count, seed });
      const foldOf = new Map<number, number>();
      repeats[0]!.forEach((fold, row) => {
        expect(foldOf.get(groups[row]!) ?? fold).toBe(fold);
        foldOf.set(groups[row]!, fold);
      });
      expect(new Set(repeats[0])).toEqual(new Set(Array.from({ length: count }, (_, fold) => fold + 1)));
    }
  }
});

describe('groups', () => {
  const labels = ['1', '0', '1', '0', '1', '0', '1', '0'];

  it('fewer than the folds are refused', () => {
    for (const strategy of ['group', 'random', 'stratified-group'] as const)
      expect(() =>
        assignFolds(rowsOf(labels, [0, 0, 0, 0, 1, 1, 1, 1]), { strategy, count: 3, seed: 1 }),
      ).toThrow(/more folds than groups.*found 3; expected at most 2/);
  });

  it('larger than a fold are warned of', () => {
    const rows = rowsOf(labels, [0, 0, 0, 0, 0, 1, 2, 2]);
    expect(assignFolds(rows, { strategy: 'group', count: 2, seed: 1 }).warnings).toEqual([
      'The largest of 3 groups has 5 of 8 training rows, more than one of 2 folds: they are of unequal size.',
      'There are 3 groups only: the intervals of the scores are narrower than they should be.',
    ]);
  });

  it('of two kinds are joined where they overlap', () => {
    const [one, other] = [groupsOf([0, 0, 1, 2, 3]), groupsOf([0, 1, 1, 2, 3])];
    expect([...joinedGroups(one, other).of]).toEqual([0, 0, 0, 1, 2]);
  });
});

describe('rows with the same text', () => {
  const texts = ['One', 'two', 'one', 'three', 'four', 'two ', 'five', 'six'];
  const labels = ['1', '0', '1', '0', '1', '0', '1', '0'];
  const memory = new TextMemory();
  for (const text of texts) memory.append(text);

  it.each(['stratified', 'random', 'group'] as const)('are kept in one fold by %s', (strategy) => {
    const rows = { ...rowsOf(labels), texts: memory };
    for (let seed = 0; seed < 20; seed++) {
      const { repeats, facts } = assignFolds(rows, { strategy, count: 3, seed, together: 'duplicates' });
      expect([repeats[0]![0], repeats[0]![1]]).toEqual([repeats[0]![2], repeats[0]![5]]);
      expect(facts).toEqual({ groups: 6, rowsTogether: 4 });
    }
  });

  it('are joined with the groups of a column', () => {
    const rows = { ...rowsOf(labels, [0, 0, 1, 2, 3, 4, 5, 6]), texts: memory };
    const { groups, facts } = assignFolds(rows, {
      strategy: 'group',
      count: 3,
      seed: 1,
      group: 'author',
      together: 'duplicates',
    });
    // Rows 0 and 1 have one author, and the texts of rows 2 and 5.
    expect([...groups!.of]).toEqual([0, 0, 0, 1, 2, 0, 3, 4]);
    expect(facts).toEqual({ groups: 5, rowsTogether: 4 });
  });
});

describe('folds that a column gives', () => {
  const labels = ['1', '0', '1', '0'];
  const options: FoldsOptions = { strategy: 'stratified', count: 3, seed: 42, column: 'fold' };
  const given = (names: string[], of: number[]): RowsToSplit => ({
    ...rowsOf(labels),
    given: { names, of: groupsOf(of) },
  });

  it('are numbered by value, or by name', () => {
    expect(repeatsOf(given(['10', '9', '-1'], [0, 1, 2, 1]), options)).toEqual([[3, 2, 1, 2]]);
    expect(repeatsOf(given(['b', 'a', 'c'], [0, 1, 2, 1]), options)).toEqual([[2, 1, 3, 1]]);
  });

  it('must be as many as the pipeline says', () => {
    expect(() => assignFolds(given(['b', 'a'], [0, 1, 0, 1]), options)).toThrow(
      /folds\.column: the column has another number of folds.*found 2; expected 3.*folds\.count: 2/,
    );
    expect(() => assignFolds(given(['a'], [0, 0, 0, 0]), options)).toThrow(/every row has the same fold/);
  });

  it('are warned of where they tear a group', () => {
    const rows = { ...given(['a', 'b', 'c'], [0, 1, 2, 1]), groups: groupsOf([0, 0, 1, 2]) };
    expect(assignFolds(rows, { ...options, group: 'author' }).warnings).toEqual([
      expect.stringMatching(/^1 of 3 groups have rows in several of the given folds/),
      expect.stringMatching(/^There are 3 groups only/),
    ]);
  });
});
