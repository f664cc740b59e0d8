import { describe, expect, it } from 'vitest';
import { requireTokenGates, type DataGates } from '../../../data/hygiene/gates.js';
import type { TableTokens, TokenCounts } from '../../../data/hygiene/token-counts.js';
import { InputFault } from '../../../errors/fault.js';
import { prepared, type Row } from './tables.js';

const train: Row[] = [
  ['one', 1],
  ['two', 0],
  ['One', 0],
  ['', 1],
];
const test = ['two', 'дом дом дом'];
const long = 'a text that is long enough to be nearly the same as another one that is as long';
const nearTrain: Row[] = [
  [long, 1],
  [`${long}.`, 0],
];

describe('a gate', () => {
  const cases: [gate: keyof DataGates, share: number, train: Row[], test: string[], words: RegExp][] = [
    [
      'duplicates',
      0.25,
      train,
      test,
      /^duplicates: 1 of 4 \(25 %\) .*: rows 1, 3; at most 24\.9 %\. To do: /,
    ],
    ['conflicts', 0.5, train, test, /^conflicts: 2 of 4 \(50 %\) .*: rows 1, 3; /],
    ['leaks', 0.5, train, test, /^leaks: 1 of 2 \(50 %\) .*: row 1 \(row 2 of the training table\); /],
    ['empty', 0.25, train, test, /^empty: 1 of 4 \(25 %\) texts of the training table are empty; /],
    ['scriptDrift', 0.75, train, test, /^scriptDrift: .* differ by 75 %; /],
    ['lengthDrift', 0.5, train, test, /^lengthDrift: .* differ by 50 %; /],
    ['nearDuplicates', 0.5, nearTrain, [`${long}!`], /^nearDuplicates: 1 of 2 \(50 %\) .*: rows 1, 2; /],
    [
      'nearLeaks',
      1,
      nearTrain,
      [`${long}!`],
      /^nearLeaks: 1 of 1 \(100 %\) .*: row 1 \(row 1 of the training table\); /,
    ],
  ];
  it.each(cases)('%s lets pass what it allows, and refuses more', async (gate, share, rows, texts, words) => {
    await expect(prepared(rows, texts, { gates: { [gate]: share } })).resolves.toBeDefined();
    const refused = prepared(rows, texts, { gates: { [gate]: share - 0.001 } });
    await expect(refused).rejects.toThrow(InputFault);
    const { details } = (await refused.catch((error: unknown) => error as InputFault)) as InputFault;
    expect(details.where).toBe('data.gates');
    const [first, line] = details.what.split('\n');
    expect(first).toBe('the tables do not pass a gate');
    expect(line).toMatch(words);
    expect(details.what).not.toMatch(/дом|long enough/);
  });

  it('of nothing refuses anything, and passes where there is nothing', async () => {
    const clean: Row[] = [
      ['one', 1],
      ['two', 0],
    ];
    const gates = { duplicates: 0, nearDuplicates: 0, conflicts: 0, leaks: 0, nearLeaks: 0, empty: 0 };
    await expect(prepared(clean, ['three'], { gates })).resolves.toBeDefined();
    await expect(prepared(clean, ['One'], { gates })).rejects.toThrow(/leaks: 1 of 1.*\nnearLeaks: 1 of 1/s);
  });

  it('is told with all others that fail, and checked where nothing is kept, too', async () => {
    const gates = { duplicates: 0, leaks: 0, conflicts: 1 };
    await expect(prepared(train, test, { gates, output: null })).rejects.toThrow(
      /data\.gates: the tables do not pass 2 gates\nduplicates: .*\nleaks: .*\. Where the tables are as they should be, raise the gate\./s,
    );
  });
});

describe('the gates of tokens', () => {
  const table = (changes: Partial<TableTokens>): TableTokens => ({
    texts: 100,
    cut: 0,
    lengths: { mean: 0, median: 0, p95: 0, p99: 0, longest: 0 },
    tokens: 1000,
    unknown: 0,
    ...changes,
  });
  const counts = (changes: Partial<TableTokens>, tested: TableTokens | null = null): TokenCounts => ({
    longest: 128,
    train: table(changes),
    test: tested,
  });

  it.each([
    [
      'cut',
      counts({ cut: 20 }),
      0.2,
      /cut: 20 of 100 \(20 %\) texts of the training table are longer than 128 tokens; at most 19/,
    ],
    [
      'unknownTokens',
      counts({ unknown: 30 }),
      0.03,
      /unknownTokens: 30 of 1000 \(3 %\) tokens of the training table/,
    ],
    ['cut', counts({}, table({ cut: 5 })), 0.05, /cut: 5 of 100 \(5 %\) texts of the test table/],
  ] as const)('%s lets pass what it allows, and refuses more', (gate, found, share, words) => {
    expect(() => requireTokenGates([found], { [gate]: share })).not.toThrow();
    expect(() => requireTokenGates([found], { [gate]: share - 0.01 })).toThrow(words);
    expect(() => requireTokenGates([counts({}), found], { [gate]: share - 0.01 })).toThrow(InputFault);
  });

  it('say nothing of a table without a token', () => {
    const none = counts({ texts: 0, tokens: 0 });
    expect(() => requireTokenGates([none], { cut: 0, unknownTokens: 0 })).not.toThrow();
  });
});
