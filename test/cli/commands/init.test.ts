import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { facts } from '../../../cli/facts/index.js';
import { InputFault } from '../../../errors/fault.js';
import { readPipeline } from '../../../pipeline/load.js';
import { run } from '../capture.js';

const root = mkdtempSync(join(tmpdir(), 'foldwise-init-'));
afterAll(() => rmSync(root, { recursive: true }));

const secret = 'the private words of a row';
let folders = 0;

/** A folder with one table, and where its pipeline goes. */
function place(table: string, name = 'train.csv'): { table: string; target: string } {
  const folder = join(root, `reviews ${folders++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, name), table);
  return { table: join(folder, name), target: join(folder, 'pipeline.yaml') };
}

const rows = (count: number, row: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => `${row(index)}\n`).join('');

async function init({ table, target }: { table: string; target: string }) {
  const said = await run('init', table, '--output', target);
  return { ...said, text: readFileSync(target, 'utf8'), pipeline: readPipeline(target) };
}

describe('foldwise init', () => {
  it.each([
    ['author', /^ {2}# group: author +# keeps rows with the same value in one fold/m],
    ['other', /^folds:\n {2}count: \d\n {2}strategy: stratified\n\nmodel:/m],
  ])('names a column of groups, of which the person decides: %s', async (name, expected) => {
    const table = place(
      `text,joy,${name}\n${rows(40, (index) => `a text of some words ${index},${index % 2},a${index % 9}`)}`,
    );
    const { text, pipeline } = await init(table);
    expect(text).toMatch(expected);
    expect(pipeline.folds).not.toHaveProperty('group');
  });

  it('writes a pipeline from what is in the table, and says of each part what it saw', async () => {
    const { target } = place('id,text\na,b\n', 'test.csv');
    const table = resolve('examples/quickstart/train.csv');
    const { text, pipeline, out, err } = await init({ table, target });
    expect(pipeline).toMatchObject({
      name: 'quickstart',
      labels: ['anger', 'fear', 'joy', 'sadness', 'surprise'],
      data: { train: table, test: join(dirname(table), 'test.csv'), text: ['text'], id: 'id' },
      folds: { count: 5, strategy: 'stratified', seed: 42 },
      model: { checkpoint: 'microsoft/deberta-v3-base' },
      training: { epochs: 4, batchSize: 16, learningRate: 1.5e-5 },
    });
    expect(text).toMatch(/^ {2}- anger +# 162 of 600 rows, 27\.0 %$/m);
    expect(text).toMatch(/train: .*train\.csv +# 600 rows$/m);
    expect(text).toMatch(/text: text +# .* have at most \d+ words, the longest \d+$/m);
    expect(text).toMatch(/maxLength: (?:32|48|64) +# in tokens; 99 of 100 texts should have at most \d+/);
    expect(out).toBe(`${target}: 600 rows, 5 labels`);
    expect(err).toContain('foldwise plan');
  });

  it('names the schema for editors, where it is', async () => {
    const { text } = await init({
      table: 'examples/quickstart/train.csv',
      target: join(root, 'schema.yaml'),
    });
    const schema = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? '';
    const found: unknown = JSON.parse(readFileSync(resolve(root, schema), 'utf8'));
    expect(found).toHaveProperty('title', 'foldwise pipeline');
  });

  const usable: [claim: string, table: string, expected: object][] = [
    [
      'names that mean something else in YAML',
      `no,2020,"a: ""#b""\nc",tweet_id\n${rows(20, (n) => `${n % 2},${n % 3 === 0 ? 1 : 0},${secret} ${n},${n}`)}`,
      { labels: ['no', '2020'], data: { text: ['a: "#b"\nc'], id: 'tweet_id' } },
    ],
    [
      'texts of no usual name: the longest column of words',
      `title,message,score,spam\n${rows(20, (n) => `a title,${secret} and more ${n},${n * 1.5},${n % 2}`)}`,
      { labels: ['spam'], data: { text: ['message'] } },
    ],
    [
      'ids that are not called id',
      `Id,text,joy\n${rows(20, (n) => `r${n},${secret} ${n},${n % 2}`)}`,
      { labels: ['joy'], data: { text: ['text'], id: 'Id' } },
    ],
    [
      'combinations that are too rare for five folds',
      `text,joy\n${rows(6, (n) => `${secret} ${n},${n % 2}`)}`,
      { folds: { count: 3, strategy: 'stratified' } },
    ],
    [
      'combinations that are all different: folds at random',
      `text,a,b,c\n${rows(8, (n) => `${secret} ${n},${n & 1},${(n >> 1) & 1},${n >> 2}`)}`,
      { folds: { count: 5, strategy: 'random' }, labels: ['a', 'b', 'c'] },
    ],
    [
      'columns that cannot be labels, and are left out',
      `text,joy,joy/,fold,p_joy,fear\n${rows(20, (n) => `${secret} ${n},${n % 2},0,1,${n % 2},${n === 3 ? '' : 1}`)}`,
      { labels: ['joy'] },
    ],
    [
      'one column of class names: what it is called',
      `text,split,sentiment,stars\n${rows(30, (n) => `${secret} ${n},s${n % 2},${['neutral', 'good', 'so so'][n % 3]},${n % 5}`)}`,
      {
        task: 'single-label',
        labels: ['good', 'neutral', 'so so'],
        data: { text: ['text'], target: 'sentiment' },
      },
    ],
    [
      'one column of class names: the only one of words',
      `text,date,where\n${rows(20, (n) => `${secret} ${n},2020-01-0${n % 9},${['north', 'south'][n % 2]}`)}`,
      { task: 'single-label', labels: ['north', 'south'], data: { target: 'where' } },
    ],
    [
      'one column of numbers that is called as one of classes',
      `text,stars\n${rows(60, (n) => `${secret} ${n},${(n % 12) + 1}`)}`,
      {
        task: 'single-label',
        labels: ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'],
        data: { target: 'stars' },
      },
    ],
    [
      'columns of 0 and 1, where there is one of class names as well',
      `text,class,joy\n${rows(20, (n) => `${secret} ${n},${['good', 'bad'][n % 2]},${n % 2}`)}`,
      { task: 'multi-label', labels: ['joy'] },
    ],
    [
      'long texts of a writing without blanks',
      `text,joy\n${rows(20, (n) => `${'漢字'.repeat(200)}${n},${n % 2}`)}`,
      { model: { maxLength: 384 } },
    ],
    [
      'one label that is everywhere',
      `text,joy,fear\n${rows(20, (n) => `${secret} ${n},${n % 2},1`)}`,
      { labels: ['joy', 'fear'] },
    ],
  ];
  it.each(usable)('takes %s', async (_, table, expected) => {
    const where = place(table);
    const { text, pipeline } = await init(where);
    expect(pipeline).toMatchObject(expected);
    expect(text).not.toContain(secret);
    // What it writes goes through all the checks of a run.
    const { out } = await run('plan', where.target, '--workdir', root);
    expect(out).toContain('optimizer steps to train');
    const { labels } = pipeline;
    expect(out).toContain(labels.length === 1 ? ', 1 label (' : `, ${labels.length} labels (`);
  });

  it('says of columns that it leaves out why, and of a test table that cannot be used', async () => {
    const where = place(`text,joy,joy/,fear\n${rows(20, (n) => `t ${n},${n % 2},0,${n === 3 ? '' : 1}`)}`);
    writeFileSync(join(dirname(where.table), 'test.csv'), 'id,body\na,b\n');
    const { text, pipeline, err } = await init(where);
    expect(err).toContain(
      'warning: ' + where.table + ': the column "joy/" is not taken for a label: its name',
    );
    expect(text).toMatch(/# not taken: "joy\/": its name cannot be that of a label; rename it/);
    expect(text).toMatch(/# not taken: "fear": 1 of its cells are blank/);
    expect(text).toMatch(/# test: test\.csv .*there is one that cannot be used: there is no text column/);
    expect(pipeline.data).not.toHaveProperty('test');
  });

  it('prints the same facts as JSON', async () => {
    const { table, target } = place(`Id,text,joy,no/\n${rows(20, (n) => `${n},t ${n},${n % 2},0`)}`);
    const printed: unknown = JSON.parse((await run('init', table, '--output', target, '--json')).out);
    expect(facts['init']!.parse(printed)).toEqual(printed);
    expect(printed).toMatchObject({
      pipeline: target,
      rows: 20,
      labels: [{ name: 'joy', positives: 10 }],
      text: 'text',
      id: 'Id',
      test: null,
      left: [{ name: 'no/' }],
    });
  });

  it('overwrites nothing', async () => {
    const where = place('text,joy\na b,1\n');
    writeFileSync(where.target, 'mine\n');
    await expect(init(where)).rejects.toThrow(/pipeline\.yaml: there is a file of this name already/);
    expect(readFileSync(where.target, 'utf8')).toBe('mine\n');
  });

  const useless: [claim: string, table: string, message: RegExp][] = [
    ['a header alone', 'text,joy\n', /a header but no rows/],
    ['an empty file', '', /the file is empty/],
    ['rows without a header', rows(9, (n) => `${n % 2},${secret} ${n}`), /the first row looks like data/],
    ['texts alone', `text\n${rows(5, (n) => `${secret} ${n}`)}`, /no column holds labels as 0 and 1/],
    ['labels alone', `joy,fear\n${rows(5, (n) => `${n % 2},1`)}`, /no column holds texts/],
    [
      'classes of which one cannot be the name of a label',
      `text,class\n${rows(9, (n) => `${secret} ${n},${['good', 'bad', 'so/so'][n % 3]}`)}`,
      /column 2 has 3 different values.*each in two rows at least, of at most 64 letters/,
    ],
    [
      'two columns of words of which none is called as one of classes',
      `text,where,when\n${rows(9, (n) => `${secret} ${n},${['here', 'there'][n % 2]},${['now', 'then'][n % 2]}`)}`,
      /column 2 has 2 different values.*call the column "class"/,
    ],
    [
      'a class that one row alone has',
      `text,class\n${rows(9, (n) => `${secret} ${n},${n === 3 ? 'odd' : 'even'}`)}`,
      /column 2 has 2 different values/,
    ],
    [
      'labels as 1.0',
      `text,joy\n${rows(9, (n) => `${secret} ${n},${n % 2}.0`)}`,
      /column 2 has 2 different numbers/,
    ],
    [
      'blanks among the labels',
      `text,joy\n${rows(9, (n) => `${secret} ${n},${n === 4 ? '' : n % 2}`)}`,
      /of column 2 1 cells are blank/,
    ],
    [
      'semicolons, and quotes and commas within',
      `text;joy\n${rows(5, (n) => `"${secret}, ""he said""";${n % 2}`)}`,
      /separated by semicolons/,
    ],
    ['semicolons', `text;joy\n${rows(5, (n) => `${secret} ${n};1`)}`, /separated by semicolons/],
    ['an id twice', `id,text,joy\na,${secret},1\na,x y,0\n`, /the id is the same as in row 1/],
    ['one row', `text,joy\n${secret},1\n`, /more folds than training rows|at most/],
  ];
  it.each(useless)('says why it can make nothing of %s', async (_, table, message) => {
    const where = place(table);
    const error: unknown = await init(where).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputFault);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain(secret);
    expect(existsSync(where.target)).toBe(false);
    expect(readdirSync(dirname(where.table))).toEqual(['train.csv']);
  });
});
