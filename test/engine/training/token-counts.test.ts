import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ColumnFileWriter } from '../../../data/column-file/writer.js';
import { preparedColumns, writeTrainingTable } from '../../../data/prepared-table.js';
import { trainFold } from '../../../engine/training/fold.js';
import { countTokens } from '../../../engine/training/token-counts.js';
import { parseTokenizer } from '../../../engine/tokenization/tokenizer.js';
import { learnVocabulary } from '../../../engine/tokenization/vocabulary.js';
import { folder as folds, job, never, useSmallFolds } from './small-fold.js';

const folder = mkdtempSync(join(tmpdir(), 'foldwise-token-counts-'));
afterAll(() => rmSync(folder, { recursive: true }));
useSmallFolds();

const sizes = { hiddenSize: 8, layers: 1, heads: 1, intermediateSize: 8, vocabulary: 60 };
const known = ['the cat sat on the mat', 'a dog ran after the cat', 'the mat and the dog'];
const nothing = (): void => undefined;

function tableOf(name: string, texts: readonly string[]): string {
  const path = join(folder, name);
  writeTrainingTable(path, { texts, labels: texts.map(() => [1]), folds: texts.map(() => 1) });
  return path;
}

function testTableOf(name: string, texts: readonly string[]): string {
  const path = join(folder, name);
  const file = new ColumnFileWriter(path);
  const column = file.texts(preparedColumns.texts);
  for (const text of texts) column.append(text);
  column.end();
  file.rowNumbers(preparedColumns.ids);
  file.finish(texts.length);
  file.close();
  return path;
}

describe.each(['bert', 'deberta-v2'] as const)('the tokens of a %s model', (type) => {
  const tokenizer = learnVocabulary(known, { size: sizes.vocabulary, type });
  const scratch = { type, ...sizes };
  const count = (train: readonly string[], test: readonly string[] | null, maxLength: number) =>
    countTokens(
      { scratch, tokenizer, maxLength },
      {
        table: tableOf(`${type}-train`, train),
        test: test === null ? null : testTableOf(`${type}-test`, test),
      },
      nothing,
    );

  it('are those of its tokenizer: cut where a text is longer than the model takes, and counted whole', async () => {
    const texts = [...known, '', 'cat', `${known[0]} ${known[1]} ${known[2]}`];
    const ids = await (await parseTokenizer(tokenizer)).encode(texts, 1000);
    const lengths = ids.map(({ length }) => length);
    for (const longest of [3, 5, ...lengths.filter((length) => length >= 3)]) {
      const { train, test, longest: told } = await count(texts, null, longest);
      expect([told, test]).toEqual([longest, null]);
      expect(train.texts).toBe(texts.length);
      expect(train.cut).toBe(lengths.filter((length) => length > longest).length);
      expect(train.lengths.longest).toBe(Math.max(...lengths));
      expect(train.tokens).toBe(lengths.reduce((sum, length) => sum + length - 2, 0));
      expect(train.unknown).toBe(0);
    }
  });

  it('are unknown where the vocabulary has nothing for them, in the rows to predict too', async () => {
    const { train, test } = await count(known, ['漢字 cat', '字'], 32);
    expect(train.unknown).toBe(0);
    expect(test!.unknown).toBeGreaterThanOrEqual(2);
    expect(test!.unknown).toBeLessThan(test!.tokens);
  });

  it('are cut beyond the last window, where texts are read in windows', async () => {
    const long = Array.from({ length: 20 }, () => 'cat').join(' ');
    const files = { table: tableOf(`${type}-windows`, [long, 'cat']), test: null };
    const cutWith = async (most: number): Promise<number> =>
      (await countTokens({ scratch, tokenizer, maxLength: 6, windows: { overlap: 0, most } }, files, nothing))
        .train.cut;
    expect([await cutWith(2), await cutWith(50)]).toEqual([1, 0]);
  });

  it('of hostile texts are counted, too', async () => {
    const hostile = [
      '<script>alert(1)</script>',
      '\u0001\u001b[31m\u202e',
      '\ud800',
      'x '.repeat(50_000),
      ' ',
    ];
    const { train } = await count(hostile, null, 16);
    expect(train.texts).toBe(hostile.length);
    expect(train.cut).toBeGreaterThanOrEqual(1);
    expect(train.lengths.longest).toBeGreaterThan(40_000);
  });
});

it('of a large table, of as many texts as are enough, at even distances', async () => {
  const type = 'bert';
  const tokenizer = learnVocabulary(known, { size: sizes.vocabulary, type });
  // Every other text is long: the ones that are looked at are all of one kind.
  const texts = Array.from({ length: 100_001 }, (_, row) => (row % 2 === 0 ? 'cat' : 'cat cat cat cat'));
  const path = tableOf('large', texts);
  const { train } = await countTokens(
    { scratch: { type, ...sizes }, tokenizer, maxLength: 4 },
    { table: path, test: null },
    nothing,
  );
  expect([train.texts, train.cut]).toEqual([50_001, 0]);
});

it('are those of an exported model, as it was trained', async () => {
  const { model } = await trainFold(job('bert'), nothing, never);
  const exported = join(folder, 'exported');
  for (const [name, path] of Object.entries(model)) {
    mkdirSync(join(exported, name, '..'), { recursive: true });
    writeFileSync(join(exported, name), readFileSync(path));
  }
  const { scratch, tokenizer, maxLength } = job('bert').model as {
    scratch: never;
    tokenizer: string;
    maxLength: number;
  };
  const files = { table: join(folds, 'table'), test: null };
  const before = await countTokens(
    { scratch, tokenizer: readFileSync(tokenizer, 'utf8'), maxLength },
    files,
    nothing,
  );
  expect(await countTokens({ folder: exported, maxLength }, files, nothing)).toEqual(before);
});
