import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readLabelledRows } from '../../data/dataset.js';
import { submissionLines } from '../../data/results.js';
import { labelClasses } from '../../data/splits/stratified.js';
import type { TableColumns } from '../../data/text-rows.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-classes-'));
afterAll(() => rmSync(folder, { recursive: true }));

const labels = ['red', 'green', 'blue'];

async function read(table: string, columns: Partial<TableColumns> = {}) {
  const file = join(folder, 'train.csv');
  writeFileSync(file, table);
  const texts: string[] = [];
  const asked = { text: ['text'], id: undefined, labels, task: 'single-label', ...columns } as const;
  const rows = await readLabelledRows(file, asked, { append: (text) => texts.push(text) });
  return { labels: [...rows.labels], warnings: rows.warnings, texts };
}

/** What a refusal says, without the folder. */
async function refusal(table: string, columns: Partial<TableColumns> = {}): Promise<string> {
  return read(table, columns).then(
    () => 'accepted',
    (error: Error) => error.message.replaceAll(`${folder}/`, ''),
  );
}

describe('a table with one class per row', () => {
  it('has it in a column of names', async () => {
    const { labels: rows, texts } = await read('text,colour\na,blue\nb,red\nc,green\n', { target: 'colour' });
    expect(rows).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0]);
    expect(texts).toEqual(['a', 'b', 'c']);
  });

  it('or in a column of 0 and 1 per class, the same rows', async () => {
    const { labels: rows } = await read('text,red,green,blue\na,0,0,1\nb,1,0,0\nc,0,1,0\n');
    expect(rows).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0]);
  });

  it('may have a class of the name of a text column', async () => {
    const columns = { target: 'colour', labels: ['text', 'red'] };
    expect((await read('text,colour\na,text\nb,red\n', columns)).labels).toEqual([1, 0, 0, 1]);
  });

  it('warns of a class that never occurs', async () => {
    const { warnings } = await read('text,colour\na,blue\nb,red\n', { target: 'colour' });
    expect(warnings.join()).toContain('the label "green" never occurs');
  });

  it('is stratified by class: the classes in order of appearance, from which scikit-learn’s folds follow', async () => {
    const { labels: rows } = await read('text,colour\na,blue\nb,red\nc,blue\nd,green\n', {
      target: 'colour',
    });
    expect([...labelClasses(Uint8Array.from(rows), 3).of]).toEqual([0, 1, 0, 2]);
  });
});

describe('a table with another number of classes in a row is refused', () => {
  it.each([
    ['none', 'text,red,green,blue\na,0,0,1\nsecret,0,0,0\n', 'no class where each row has one'],
    ['two', 'text,red,green,blue\nsecret,1,0,1\n', '2 classes where each row has one'],
  ])('%s', async (_, table, expected) => {
    const message = await refusal(table);
    expect(message).toContain(expected);
    expect(message).toMatch(/^train\.csv, row \d \(line \d\): .*task: multi-label/);
    expect(message).not.toContain('secret');
  });

  it('and so is a name that is no class, never quoted', async () => {
    const message = await refusal('text,colour\na,red\nb,secret\nc,other\n', { target: 'colour' });
    expect(message).toContain('train.csv, row 2 (line 3), column "colour"');
    expect(message).toContain('one of red, green, blue');
    expect(message).toContain('so are 1 more of this column');
    expect(message).not.toContain('secret');
  });

  it('and one without the column', async () => {
    expect(await refusal('text,color\na,red\n', { target: 'colour' })).toContain('"colour"');
  });
});

describe('a submission with one class per row', () => {
  const rows = [{ id: 'a', predictions: Uint8Array.of(0, 0, 1) }];

  it('names it where the training table does', () => {
    expect([...submissionLines({ id: 'id', labels, target: 'colour', rows })]).toEqual([
      'id,colour\n',
      'a,blue\n',
    ]);
  });

  it('else marks it, as the training table does', () => {
    expect([...submissionLines({ id: 'id', labels, rows })]).toEqual(['id,red,green,blue\n', 'a,0,0,1\n']);
  });
});
