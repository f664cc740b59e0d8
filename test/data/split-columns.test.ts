import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  prepareTables,
  type PreparedFiles,
  type PreparedTables,
  type PrepareRequest,
} from '../../data/dataset.js';
import { heldOutBy, openTrainingTable, readGroups } from '../../data/prepared-table.js';
import type { FoldsOptions } from '../../data/splits/folds.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-splits-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const output = Object.fromEntries(
  ['table', 'trainIds', 'test', 'groups', 'repeats'].map((name) => [name, join(folder, name)]),
) as PreparedFiles;

async function prepare(
  train: string,
  folds: Partial<FoldsOptions>,
  changes: Partial<PrepareRequest> = {},
): Promise<PreparedTables> {
  const path = join(folder, 'train.csv');
  writeFileSync(path, train);
  return prepareTables({
    train: path,
    test: null,
    text: ['text'],
    id: undefined,
    labels: ['joy'],
    folds: { count: 2, strategy: 'stratified', seed: 42, ...folds },
    output,
    ...changes,
  });
}

const table = [
  'text,joy,author,part',
  'one,1,a,x',
  'two,0,a,y',
  'three,1,b,x',
  'four,0,c,y',
  'One ,1,d,x',
  'six,0,b,y',
].join('\n');

describe('the columns of a split', () => {
  it('give groups, beside the same table as without them', async () => {
    const prepared = await prepare(table, { strategy: 'group', group: 'author', together: 'duplicates' });
    expect([...readGroups(output.groups)]).toEqual([0, 0, 1, 2, 0, 1]);
    expect(prepared.split).toEqual({ groups: 3, rowsTogether: 2 });
    expect(prepared.written).toEqual({ groups: true, repeats: false });
  });

  it('give folds', async () => {
    const { written } = await prepare(table, { column: 'part' });
    const { folds, close } = openTrainingTable(output.table);
    close();
    expect([...folds]).toEqual([1, 2, 1, 2, 1, 2]);
    expect(written).toEqual({ groups: false, repeats: false });
  });

  it('are read of a table with one class per row, too', async () => {
    const single = table.replaceAll(',1,', ',yes,').replaceAll(',0,', ',no,').replace('joy', 'kind');
    const changes = { task: 'single-label', target: 'kind', labels: ['yes', 'no'] } as const;
    await prepare(single, { strategy: 'group', group: 'author' }, changes);
    expect([...readGroups(output.groups)]).toEqual([0, 0, 1, 2, 3, 1]);
  });

  it.each([
    [
      'a column that is missing',
      table,
      { group: 'autor' },
      /column of the groups is missing.*Did you mean "author"/,
    ],
    ['folds that are missing', table, { column: 'parts' }, /column of the folds is missing.*folds\.column/],
    [
      'an empty group',
      table.replace('two,0,a', 'two,0, '),
      { group: 'author' },
      /line 3.*author.*a cell of the column of the groups is empty; expected a value in every row/,
    ],
    [
      'empty folds',
      table.replaceAll(',y', ','),
      { column: 'part' },
      /line 3.*part.*the column of the folds is empty; so are 2 more/,
    ],
    ['one fold alone', table.replaceAll(',y', ',x'), { column: 'part' }, /every row has the same fold/],
    ['too many folds', table, { column: 'author' }, /another number of folds.*found 4; expected 2/],
    ['fewer groups than folds', table, { count: 5, strategy: 'group', group: 'author' }, /at most 4/],
  ] as const)('are refused with the reason: %s', async (_, train, folds, reason) => {
    await expect(prepare(train, folds)).rejects.toThrow(reason);
  });

  it('tell nothing of what a column holds', async () => {
    const fault: unknown = await prepare(table, { column: 'text' }).catch((error: unknown) => error);
    expect((fault as Error).message).toMatch(/found 6/);
    expect((fault as Error).message).not.toMatch(/three|four/);
  });
});

it('repeats stand beside the table, whose bytes stay those of one split', async () => {
  const request = { count: 3, strategy: 'random' } as const;
  await prepare(table, request);
  const once = openTrainingTable(output.table);
  once.close();
  const { written } = await prepare(table, { ...request, repeats: 2 });
  const twice = openTrainingTable(output.table);
  twice.close();
  expect(written).toEqual({ groups: false, repeats: true });
  expect(twice.folds).toEqual(once.folds);
  const rows = [...once.folds.keys()];
  const again = [1, 2, 3].map((fold) =>
    rows.filter(heldOutBy(twice, { fold: 3 + fold, repeated: { splits: output.repeats, repeat: 2, fold } })),
  );
  expect(again.flat().toSorted()).toEqual(rows);
  expect(rows.map((row) => again.findIndex((held) => held.includes(row)) + 1)).not.toEqual([...once.folds]);
});

it('a table that is only looked at needs no file', async () => {
  const { split } = await prepare(table, { together: 'near-duplicates', repeats: 2 }, { output: null });
  expect(split).toEqual({ groups: 5, rowsTogether: 2 });
});
