import { describe, expect, it } from 'vitest';
import { dataFactsSchema } from '../../../data/hygiene/data-facts.js';
import { prepared, type Row } from './tables.js';

const secret = 'PRIVATE';

describe('what is told of the tables', () => {
  it('has the rows of texts that are there several times, whatever their case and blanks', async () => {
    const train: Row[] = [
      ['One  text', 1, 0],
      ['another', 0, 1],
      ['one text ', 1, 0],
      ['ONE\ttext', 1, 0],
      ['another', 1, 1],
      ['a third', 0, 0],
    ];
    const { facts } = await prepared(train);
    expect(facts.repeated).toMatchObject({
      duplicates: {
        rows: 3,
        texts: 2,
        examples: [
          [1, 3, 4],
          [2, 5],
        ],
      },
      conflicts: { rows: 2, texts: 1, examples: [[2, 5]] },
      leaks: null,
    });
  });

  it('has the rows to predict whose text was trained on', async () => {
    const { facts } = await prepared(
      [
        ['one', 1],
        ['two', 0],
      ],
      ['three', 'TWO', 'two ', 'one'],
    );
    expect(facts.repeated!.leaks).toEqual({
      rows: 3,
      examples: [
        { test: 2, train: 2 },
        { test: 3, train: 2 },
        { test: 4, train: 1 },
      ],
    });
  });

  it('tells nearly the same texts apart from the same ones', async () => {
    const long = 'The quick brown fox jumps over the lazy dog and runs away into the deep dark forest.';
    const { facts } = await prepared(
      [
        [long, 1],
        ['something else', 0],
        [long.replace('deep', 'deep,'), 1],
      ],
      [`${long}!`],
    );
    expect(facts.repeated!.duplicates.rows).toBe(0);
    expect(facts.repeated!.near).toEqual({
      duplicates: { rows: 1, texts: 1, examples: [[1, 3]] },
      leaks: { rows: 1, examples: [{ test: 1, train: 1 }] },
    });
  });

  it('counts empty texts as empty, and not as texts that are there several times', async () => {
    const { facts } = await prepared(
      [
        ['', 1],
        [' \n', 0],
        ['x', 1],
        ['\u00a0', 0],
      ],
      ['', 'y'],
    );
    expect([facts.train.empty, facts.test!.empty]).toEqual([3, 1]);
    expect(facts.repeated).toMatchObject({
      duplicates: { rows: 0 },
      conflicts: { rows: 0 },
      leaks: { rows: 0 },
      near: { duplicates: { rows: 0 }, leaks: { rows: 0 } },
    });
  });

  it('has the lengths in characters, as a person counts them, and their percentiles', async () => {
    const texts = Array.from({ length: 100 }, (_, index): Row => ['😀'.repeat(index + 1), index % 2]);
    const { facts } = await prepared(texts);
    expect(facts.train.characters).toEqual({ mean: 50.5, median: 50, p95: 95, p99: 99, longest: 100 });
  });

  it('has the scripts of the letters, and none of digits and marks', async () => {
    const { facts } = await prepared(
      [
        ['abc дом 123 !? 😀', 1],
        ['東京 é', 0],
      ],
      ['дом', 'ᚠ'],
    );
    expect(facts.train.scripts).toEqual({ Latin: 4 / 9, Cyrillic: 3 / 9, Han: 2 / 9 });
    expect(facts.test!.scripts).toEqual({ Cyrillic: 3 / 4, other: 1 / 4 });
    expect(facts.drift!.scripts).toBeCloseTo((4 / 9 + 2 / 9 + (3 / 4 - 3 / 9) + 1 / 4) / 2, 12);
  });

  it('has the distance of the lengths of both tables', async () => {
    const { facts } = await prepared(
      [
        ['a', 1],
        ['aa', 0],
        ['aaa', 1],
        ['aaaa', 0],
      ],
      ['a', 'a', 'aaaa', 'aaaaa'],
    );
    // At one character, 1/4 of the training rows and 2/4 of the others.
    expect(facts.drift!.lengths).toBeCloseTo(0.25, 9);
    const same = await prepared(
      [
        ['a', 1],
        ['bb', 0],
      ],
      ['c', 'dd'],
    );
    expect(same.facts.drift!.lengths).toBe(0);
  });

  it('counts labels, alone, together and by row', async () => {
    const { facts } = await prepared([
      ['a', 1, 1, 0],
      ['b', 1, 0, 0],
      ['c', 1, 1, 1],
      ['d', 0, 0, 0],
    ]);
    expect(facts.labels).toEqual({
      positives: { label0: 3, label1: 2, label2: 1 },
      perRow: [1, 1, 1, 1],
      together: {
        labels: ['label0', 'label1', 'label2'],
        counts: [
          [3, 2, 1],
          [2, 2, 1],
          [1, 1, 1],
        ],
      },
    });
  });

  it('is small, whatever the tables are: of many labels the pairs of a hundred, of many repetitions ten', async () => {
    const width = 300;
    const train = Array.from({ length: 80 }, (_, row): Row => [
      `text ${row % 20}`,
      ...Array.from({ length: width }, (_, label) => Number((row * label) % 7 === 1)),
    ]);
    const { facts, warnings } = await prepared(train);
    expect(facts.labels.together.labels).toHaveLength(100);
    expect(facts.labels.perRow).toHaveLength(21);
    expect(facts.repeated!.duplicates).toMatchObject({ rows: 60, texts: 20 });
    expect(facts.repeated!.duplicates.examples).toHaveLength(10);
    expect(JSON.stringify(facts).length).toBeLessThan(100_000);
    for (const warning of warnings) expect(warning.length).toBeLessThan(1000);
  });

  it.each([
    ['HTML', `<script>alert("${secret}")</script>`],
    ['control characters', `${secret}\u0001\u001b[31m\u0007\u009b\u202e`],
    ['half characters', `${secret}\ud800x\udc00`],
    ['a very long text', `${secret} `.repeat(50_000)],
    ['a prototype', '__proto__'],
  ])('and never has a text: %s', async (_, text) => {
    const { facts, warnings } = await prepared(
      [
        [text, 1],
        [text, 0],
        ['x', 1],
      ],
      [text],
    );
    expect(facts.repeated).toMatchObject({
      duplicates: { rows: 1 },
      conflicts: { rows: 2 },
      leaks: { rows: 1 },
    });
    expect(dataFactsSchema.parse(JSON.parse(JSON.stringify(facts)))).toEqual(facts);
    expect(JSON.stringify([facts, warnings])).not.toMatch(/PRIVATE|script>|\u001b|__proto__/);
  });

  it('is the same where nothing is kept of the tables', async () => {
    const train: Row[] = [
      ['one', 1],
      ['One', 0],
      ['two', 1],
    ];
    const kept = await prepared(train, ['two']);
    const looked = await prepared(train, ['two'], { output: null });
    expect(looked.facts).toEqual(kept.facts);
  });

  it('changes no byte of the prepared table', async () => {
    const train: Row[] = [
      ['one', 1, 0],
      ['two <b>', 0, 1],
      ['', 1, 1],
      ['One', 0, 0],
    ];
    const { tableHash } = await prepared(train, ['one', 'drei']);
    // As it was before anything was told.
    expect(tableHash).toBe('e809e2a2fbfa3c6f8e104b17d020266acfd0024cd5e123a1f83f300afa80a312');
    const gated = await prepared(train, ['one', 'drei'], { gates: { duplicates: 1 } });
    expect(gated.tableHash).toBe(tableHash);
  });
});

describe('warnings of the data', () => {
  it('tell how many rows, and where the first of them are', async () => {
    const { warnings } = await prepared(
      [
        ['one', 1],
        ['two', 0],
        ['One', 0],
        ['three', 1],
      ],
      ['two', 'дом'],
    );
    expect(warnings.map((warning) => warning.replace(/^.*[\\/]/, ''))).toEqual([
      'train.csv: 1 of 4 (25 %) rows have the text of an earlier row, whatever its case and blanks: rows 1, 3. Where they lie in different folds, a score judges what was trained on; folds.together keeps them in one.',
      'train.csv: 2 of 4 (50 %) rows have the text of others and other labels: rows 1, 3. One of them must be wrong, and no model can get both right.',
      'test.csv: 1 of 2 (50 %) rows have the text of a training row: row 1 (row 2 of the training table). What is predicted for them says nothing of new texts.',
      'The rows to predict are in other scripts than the training rows: Latin 50 %, Cyrillic 50 % there, Latin 100 % here.',
    ]);
  });

  it('tell that texts are longer or shorter where that is no chance', async () => {
    const train = Array.from({ length: 200 }, (_, row): Row => [
      `${row} `.padEnd(20 + (row % 7), 'x'),
      row % 2,
    ]);
    const long = train.map(([text]) => `${text}${'y'.repeat(30)}`);
    const ofLengths = async (rows: number): Promise<string[]> =>
      (await prepared(train.slice(0, rows), long.slice(0, rows))).warnings.filter((each) =>
        each.includes('lengths'),
      );
    expect(await ofLengths(200)).toEqual([
      'The texts to predict are of other lengths than the training rows: half have at most 53 characters there, 23 here.',
    ]);
    // Of so few rows nothing can be told.
    expect(await ofLengths(4)).toEqual([]);
  });

  it('are none of tables with nothing to tell', async () => {
    expect(
      (
        await prepared(
          [
            ['one', 1],
            ['two', 0],
          ],
          ['three'],
        )
      ).warnings,
    ).toEqual([]);
  });
});
