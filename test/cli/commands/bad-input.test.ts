import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCode, renderFailure } from '../../../cli/failure.js';
import { run } from '../capture.js';

const secret = 'the text of a row';
const header = 'id,text,joy,fear\n';
const good = `${header}1,${secret},1,0\n2,b,0,1\n3,c,1,0\n4,d,0,1\n`;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foldwise-bad-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What is wrong with the training table, the table, and what the message must say. */
const tables: readonly (readonly [string, string | Buffer, RegExp])[] = [
  ['no text column', 'id,body,joy,fear\n1,a,1,0\n', /train\.csv.*text.*columns/],
  ['a label column missing', 'id,text,joy\n1,a,1\n', /train\.csv.*fear/],
  ['a label that is neither 0 nor 1', `${header}1,${secret},2,0\n`, /train\.csv, row 1.*joy/],
  ['a label that is NaN', `${header}1,${secret},NaN,0\n`, /train\.csv, row 1.*joy/],
  ['an empty file', '', /train\.csv.*empty/],
  ['a header without rows', header, /train\.csv.*no rows/],
  ['a quote that is never closed', `${header}1,"${secret},1,0\n`, /train\.csv.*quote/i],
  ['a row that is too short', `${header}1,${secret},1\n`, /train\.csv, row 1/],
  ['another encoding', Buffer.from(`${header}1,caf\xe9,1,0\n`, 'latin1'), /train\.csv.*UTF-8/],
  ['the same id twice', `${header}1,${secret},1,0\n1,b,0,1\n`, /train\.csv.*row/],
];

describe('foldwise run on wrong input', () => {
  it.each(tables)('says in one message what is wrong and starts nothing: %s', async (_, table, message) => {
    const file = await writePipeline(table);
    const error = await failure('run', file, '--workdir', join(folder, 'work'));
    expect(renderFailure(error, { debug: false })).toMatch(message);
    expect(renderFailure(error, { debug: false })).not.toContain(secret);
    expect(exitCode(error)).toBe(1);
    expect(await readdir(folder)).not.toContain('work');
  });

  it('names every fault of the pipeline with its place', async () => {
    const file = join(folder, 'wrong.yaml');
    await writeFile(
      file,
      'name: x\nlabels: [joy]\ndata: { train: a.csv, test: b.csv }\nmodle: {}\ntraining: { epochs: many }\n',
    );
    const text = renderFailure(await failure('run', file), { debug: false });
    expect(text).toMatch(/wrong\.yaml:4:1.*model/);
    expect(text).toMatch(/wrong\.yaml:5:\d+ training\.epochs/);
  });

  it('names a missing table', async () => {
    const file = await writePipeline(good);
    await rm(join(folder, 'train.csv'));
    expect(renderFailure(await failure('run', file), { debug: false })).toMatch(/train\.csv.*no such file/i);
  });
});

async function writePipeline(train: string | Buffer): Promise<string> {
  const file = join(folder, 'pipeline.yaml');
  await writeFile(join(folder, 'train.csv'), train);
  await writeFile(join(folder, 'test.csv'), 'id,text\n1,a\n');
  await writeFile(
    file,
    `name: bad
labels: [joy, fear]
data: { train: train.csv, test: test.csv }
folds: { count: 2 }
model:
  scratch: { type: bert, hiddenSize: 8, layers: 1, heads: 2, intermediateSize: 16, vocabulary: 60 }
`,
  );
  return file;
}

async function failure(...args: readonly string[]): Promise<unknown> {
  return run(...args).then(
    () => expect.unreachable('the command succeeded'),
    (error: unknown) => error,
  );
}
