import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { prepareTables, writeTestTable } from '../../data/dataset.js';
import { openIds, openTestTable, openTrainingTable } from '../../data/prepared-table.js';
import { TableFault } from '../../data/table-fault.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-dataset-'));
afterAll(() => rmSync(folder, { recursive: true }));

const goodTrain = 'id,text,joy,fear\na,one,1,0\nb,two,0,1\n';
const goodTest = 'id,text,joy,fear\nx,three,,\n';

interface Columns {
  readonly labels?: readonly string[];
  readonly id?: string;
  readonly text?: readonly string[];
}

/** Prepares both tables, and reads back what was prepared. */
async function read(train = goodTrain, test: string | null = goodTest, columns: Columns = {}) {
  const { labels = ['joy', 'fear'], id, text = ['text', 'review'] } = columns;
  writeFileSync(join(folder, 'train.csv'), train);
  if (test !== null) writeFileSync(join(folder, 'test.csv'), test);
  const output = {
    table: join(folder, 'table'),
    trainIds: join(folder, 'train-ids'),
    groups: join(folder, 'groups'),
    repeats: join(folder, 'repeats'),
    test: join(folder, 'test-table'),
  };
  const { rows, warnings } = await prepareTables({
    train: join(folder, 'train.csv'),
    test: test === null ? null : join(folder, 'test.csv'),
    text,
    id,
    labels,
    folds: { count: 2, strategy: 'random', seed: 1 },
    output,
  });
  const table = openTrainingTable(output.table);
  const ids = openIds(output.trainIds);
  const trained = {
    ids: [...ids.ids.lists()].flat(),
    texts: [...table.texts.lists()].flat(),
    labels: Array.from({ length: rows.train }, (_, row) => [
      ...table.labels.subarray(row * labels.length, (row + 1) * labels.length),
    ]),
  };
  ids.close();
  table.close();
  return { train: trained, test: test === null ? null : readTest(output.test), warnings };
}

function readTest(path: string) {
  const table = openTestTable(path);
  const rows = { ids: [...table.ids.lists()].flat(), texts: [...table.texts.lists()].flat() };
  table.close();
  return rows;
}

describe('prepareTables', () => {
  it('gives ids, texts and labels in the order of the file and of the labels', async () => {
    expect(await read(goodTrain, goodTest, { labels: ['fear', 'joy'] })).toEqual({
      train: {
        ids: ['a', 'b'],
        texts: ['one', 'two'],
        labels: [
          [0, 1],
          [1, 0],
        ],
      },
      test: { ids: ['x'], texts: ['three'] },
      warnings: [],
    });
  });

  it('numbers the rows from 0 where there is no id column', async () => {
    const { train, test } = await read('text,joy,fear\none,1,0\ntwo,0,1\n', 'text\nthree\n');
    expect([train.ids, test?.ids]).toEqual([['0', '1'], ['0']]);
  });

  it('takes the first candidate text column that is there', async () => {
    const { train } = await read('review,other,joy,fear\none,no,1,0\ntwo,no,0,1\n');
    expect(train.texts).toEqual(['one', 'two']);
  });

  it('has no test rows where the source names none', async () => {
    const { test, warnings } = await read(goodTrain, null);
    expect([test, warnings]).toEqual([null, []]);
  });

  it('ignores the label columns of the test table, whatever they hold', async () => {
    const { test } = await read(goodTrain, 'id,text,joy\nx,three,maybe\n');
    expect(test).toEqual({ ids: ['x'], texts: ['three'] });
  });
});

describe('prepareTables warns of', () => {
  const cases: [claim: string, train: string, test: string, warning: RegExp][] = [
    [
      'empty texts, counted',
      'id,text,joy,fear\na,,1,0\nb, ,0,1\nc,x,0,1\n',
      goodTest,
      /train\.csv: 2 of 3 texts are empty/,
    ],
    ['empty texts of the test table', goodTrain, 'id,text\n1,""\n', /test\.csv: 1 of 1 texts are empty/],
    ['a label that never occurs', 'id,text,joy,fear\n1,a,1,0\n2,b,0,0\n', goodTest, /"fear" never occurs/],
    [
      'a label that is always 1',
      'id,text,joy,fear\n1,a,1,1\n2,b,0,1\n',
      goodTest,
      /"fear" is 1 in every row/,
    ],
    ['tables with different text columns', goodTrain, 'id,review\n1,x\n', /text columns differ/],
  ];
  it.each(cases)('%s', async (_, train, test, warning) => {
    expect((await read(train, test)).warnings).toEqual([expect.stringMatching(warning)]);
  });
});

const secret = 'PRIVATE';
describe('prepareTables refuses', () => {
  const label = (cell: string) => `id,text,joy,fear\na,${secret},1,0\nb,two,${cell},1\n`;
  const cases: [claim: string, train: string, test: string, message: RegExp][] = [
    [
      'a table without a text column',
      'id,joy,fear\na,1,0\n',
      goodTest,
      /train\.csv: there is no text column; found the columns "id", "joy", "fear"; expected one of text, review\. .*data\.text/,
    ],
    ['a test table without one', goodTrain, 'id\nx\n', /test\.csv: there is no text column/],
    [
      'a missing label column, with a suggestion',
      'text,joy,feer\na,1,0\n',
      goodTest,
      /a label column is missing;.*expected "fear".*Did you mean "feer" for "fear"\?/,
    ],
    [
      'all label columns missing at once',
      'text\na\n',
      goodTest,
      /label columns are missing;.*expected "joy", "fear"/,
    ],
    [
      'a label that is text',
      label(secret),
      goodTest,
      /train\.csv, row 2 \(line 3\), column "joy": a label is not 0 or 1; found text; expected 0 or 1/,
    ],
    ['a blank label', label(''), goodTest, /found a blank/],
    ['NaN', label('NaN'), goodTest, /found a missing value/],
    ['1.0', label('1.0'), goodTest, /found a number in another form/],
    ['2', label('2'), goodTest, /found a number in another form/],
    ['true', label('true'), goodTest, /found a word for true or false/],
    ['1 with a space', label(' 1'), goodTest, /found 0 or 1 with spaces around it/],
    [
      'several wrong labels, counted',
      `text,joy,fear\n${secret},x,0\nb,,0\nc,2,1\n`,
      goodTest,
      /row 1 .*a label is not 0 or 1; so are 2 more/,
    ],
    [
      'duplicate ids, naming both rows',
      `id,text,joy,fear\n${secret},a,1,0\nb,"x\ny",0,1\n${secret},c,0,1\n`,
      goodTest,
      /row 3 \(line 5\), column "id": the id is the same as in row 1 \(line 2\)/,
    ],
    [
      'duplicate ids of the test table',
      goodTrain,
      'id,text\nx,1\nx,2\n',
      /test\.csv, row 2 .*same as in row 1/,
    ],
    ['a header without rows', 'id,text,joy,fear\n', goodTest, /train\.csv: there is a header but no rows/],
    ['a test table without rows', goodTrain, 'id,text\n', /test\.csv: there is a header but no rows/],
    ['an empty file', '', goodTest, /train\.csv: the file is empty/],
  ];
  it.each(cases)('%s', async (_, train, test, message) => {
    const fault = await read(train, test).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    expect(fault).toBeInstanceOf(TableFault);
    expect(fault!.message).toMatch(message);
    expect(fault!.message).not.toContain(secret);
  });

  it('a missing table', async () => {
    rmSync(join(folder, 'test.csv'), { force: true });
    const missing = join(folder, 'no.csv');
    const columns = { text: ['text'], id: undefined, labels: ['joy'] };
    await expect(writeTestTable(missing, columns, join(folder, 'test-table'))).rejects.toThrow(
      /no\.csv: there is no such file/,
    );
  });
});
