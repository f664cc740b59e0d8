import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeFloatFile } from '../../activities/tables/float-file.js';
import { findIssues, type IssuesRequest } from '../../activities/tables/label-issues.js';
import { ColumnFileWriter } from '../../data/column-file/writer.js';
import { readTable } from '../../data/csv.js';
import { preparedColumns, writeTrainingTable } from '../../data/prepared-table.js';
import { seeded } from '../metrics/cases.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-label-issues-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Made {
  readonly truth: readonly (readonly number[])[];
  readonly probabilities: readonly (readonly number[])[];
  readonly ids?: readonly string[];
}

function find({ truth, probabilities, ids }: Made, changes: Partial<IssuesRequest> = {}) {
  const path = (name: string): string => join(folder, name);
  const rows = truth.length;
  writeTrainingTable(path('table'), {
    texts: truth.map((_, row) => `PRIVATE ${row}`),
    labels: truth,
    folds: truth.map(() => 1),
  });
  const file = new ColumnFileWriter(path('ids'));
  if (ids === undefined) file.rowNumbers(preparedColumns.ids);
  else {
    const column = file.texts(preparedColumns.ids);
    for (const id of ids) column.append(id);
    column.end();
  }
  file.finish(rows);
  file.close();
  writeFloatFile(path('p'), Float32Array.from(probabilities.flat()));
  const request: IssuesRequest = {
    table: path('table'),
    trainIds: path('ids'),
    id: 'id',
    labels: ['joy', 'fear'],
    task: 'multi-label',
    probabilities: path('p'),
    unskilled: [],
    output: path('issues.csv'),
    ...changes,
  };
  const summary = findIssues(request);
  return { summary, csv: readFileSync(request.output, 'utf8'), path: request.output };
}

async function cells(path: string): Promise<string[][]> {
  const rows: string[][] = [];
  await readTable(path, () => (row) => void rows.push([...row]));
  return rows;
}

/** Sure of the truth, but for the row `wrong`: of that it is sure of the contrary. */
function doubted(rows: number, wrong: number): Made {
  const truth = Array.from({ length: rows }, (_, row) => [row % 2, Number(row % 3 === 0)]);
  const probabilities = truth.map((labels, row) =>
    labels.map((label) => ((label === 1) !== (row === wrong) ? 0.9375 : 0.03125)),
  );
  return { truth, probabilities };
}

describe('label-issues.csv', () => {
  it('has the rows of each label, the worst first, numbered as a person counts', () => {
    const made = doubted(30, 4);
    const { csv, summary } = find(made);
    expect(csv).toBe(
      'row,id,label,given,probability,score\n5,4,joy,0,0.9375,0.0625\n5,4,fear,0,0.9375,0.0625\n',
    );
    expect(summary).toMatchObject({ rows: 1, perLabel: { joy: 1, fear: 1 }, unskilled: [] });
    expect(summary.worst.map(({ row, label, given }) => [row, label, given])).toEqual([
      [5, 'joy', '0'],
      [5, 'fear', '0'],
    ]);
  });

  it('names no row of a label without skill', () => {
    const { csv, summary } = find(doubted(30, 4), { unskilled: ['joy'] });
    expect(csv).toBe('row,id,label,given,probability,score\n5,4,fear,0,0.9375,0.0625\n');
    expect(summary).toMatchObject({ rows: 1, perLabel: { joy: 0, fear: 1 }, unskilled: ['joy'] });
  });

  it('says of a row with one class which it was given, and which is likelier', () => {
    const truth = Array.from({ length: 30 }, (_, row) => [Number(row % 2 === 0), Number(row % 2 === 1)]);
    const probabilities = truth.map(([joy], row) =>
      (joy === 1) !== (row === 4) ? [0.95, 0.05] : [0.05, 0.95],
    );
    const { csv, summary } = find({ truth, probabilities }, { task: 'single-label' });
    expect(csv).toBe('row,id,label,given,probability,score\n5,4,fear,joy,0.95,0.05\n');
    expect(summary.perLabel).toEqual({ joy: 1, fear: 0 });
  });

  it('leaves out rows that no fold predicted, and keeps the numbers of the others', () => {
    const made = doubted(30, 20);
    const probabilities = made.probabilities.map((row, place) => (place < 10 ? [NaN, NaN] : row));
    expect(find({ ...made, probabilities }).csv).toMatch(/^21,20,joy,/m);
  });

  it('quotes ids that are no plain cells, and has no text', async () => {
    const hostile = '=1+1,"<b>",\r\nx\u202e';
    const made = doubted(30, 4);
    const { path, csv, summary } = find({
      ...made,
      ids: made.truth.map((_, row) => (row === 4 ? hostile : `r${row}`)),
    });
    expect((await cells(path)).map((row) => row[1])).toEqual([hostile, hostile]);
    expect(csv + JSON.stringify(summary)).not.toContain('PRIVATE');
    expect(JSON.stringify(summary)).not.toContain('=1+1');
  });

  it('is empty but for its header where nothing is in doubt, and of a table with one row', () => {
    const header = 'row,id,label,given,probability,score\n';
    expect(find(doubted(30, -1)).csv).toBe(header);
    expect(find({ truth: [[1, 0]], probabilities: [[0.1, 0.9]] }).csv).toBe(header);
    expect(find({ truth: [[1, 0]], probabilities: [[NaN, NaN]] }).summary).toMatchObject({
      rows: 0,
      worst: [],
    });
  });

  it('tells of the worst rows only, however many there are', () => {
    const draw = seeded(3);
    const truth = Array.from({ length: 3000 }, () => [Number(draw() < 0.5), Number(draw() < 0.5)]);
    const probabilities = truth.map(() => [draw(), draw()]);
    const { summary, csv } = find({ truth, probabilities });
    expect(summary.perLabel['joy']).toBeGreaterThan(500);
    expect(summary.worst).toHaveLength(20);
    const scores = summary.worst.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(csv.split('\n').length - 2).toBe(summary.perLabel['joy']! + summary.perLabel['fear']!);
  });
});
