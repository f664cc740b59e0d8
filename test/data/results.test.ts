import { describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTable } from '../../data/csv.js';
import { seeded } from '../metrics/cases.js';
import { float32Text, oofLines, predictionLines, submissionLines } from '../../data/results.js';

const submissionCsv = (rows: Parameters<typeof submissionLines>[0]) => [...submissionLines(rows)].join('');

describe('submissionCsv', () => {
  it('writes the id and each label of every row', () => {
    const rows = {
      id: 'id',
      labels: ['joy', 'fear'],
      rows: [
        { id: 'a', predictions: Uint8Array.of(1, 0) },
        { id: '007', predictions: Uint8Array.of(0, 1) },
      ],
    };
    expect(submissionCsv(rows)).toBe('id,joy,fear\na,1,0\n007,0,1\n');
  });

  it('quotes what needs quotes, so that it reads back the same', async () => {
    const ids = ['a,b', 'say "x"', 'two\nlines', ' '];
    const rows = ids.map((id) => ({ id, predictions: new Uint8Array(1) }));
    const folder = mkdtempSync(join(tmpdir(), 'foldwise-results-'));
    const file = join(folder, 'submission.csv');
    writeFileSync(file, submissionCsv({ id: 'row, id', labels: ['joy'], rows }));
    const read: string[] = [];
    await readTable(file, (header) => (cells) => read.push(cells[header.place('row, id')!]!));
    rmSync(folder, { recursive: true });
    expect(read).toEqual(ids);
  });

  it('refuses predictions of another shape', () => {
    const rows = { id: 'id', labels: ['joy', 'fear'], rows: [{ id: 'a', predictions: Uint8Array.of(1) }] };
    expect(() => submissionCsv(rows)).toThrow(/1 values for a row of 2 labels/);
  });
});

describe('predictionLines', () => {
  it('writes the id and the probability of each label, as short as reads back the same', () => {
    const rows = [
      { id: 'a', probabilities: Float32Array.of(0.1, 1) },
      { id: 'b,c', probabilities: Float32Array.of(1e-10, 1 / 3) },
    ];
    const lines = [...predictionLines({ id: 'row', labels: ['joy', 'fear'], rows })];
    expect(lines).toEqual(['row,p_joy,p_fear\n', 'a,0.1,1\n', '"b,c",1e-10,0.33333334\n']);
  });

  it('refuses probabilities of another shape', () => {
    const rows = [{ id: 'a', probabilities: Float32Array.of(1, 0) }];
    expect(() => [...predictionLines({ id: 'id', labels: ['joy'], rows })]).toThrow(
      /2 values for a row of 1/,
    );
  });
});

describe('oofLines', () => {
  it('writes id, fold, labels and probabilities, blank where no fold predicted the row', () => {
    const lines = oofLines({
      id: 'row',
      ids: { length: 2, lists: () => [['a'], ['b']] },
      folds: Int32Array.of(2, 1),
      labels: ['joy', 'fear'],
      truth: Uint8Array.of(1, 0, 0, 1),
      probabilities: Float32Array.of(0.3, 0.1, NaN, NaN),
    });
    expect([...lines].join('')).toBe('row,fold,joy,fear,p_joy,p_fear\na,2,1,0,0.3,0.1\nb,1,0,1,,\n');
  });
});

describe('float32Text', () => {
  it.each([
    [0.3, '0.3'],
    [1, '1'],
    [0, '0'],
    [1 / 3, '0.33333334'],
    [1e-8, '1e-8'],
    [0.999999940395, '0.99999994'],
  ])('writes float32(%s) as %s', (value, text) => {
    expect(float32Text(Math.fround(value))).toBe(text);
  });

  it('is by arithmetic what it is by its definition', () => {
    const byDefinition = (value: number): string => {
      const digits = [1, 2, 3, 4, 5, 6, 7, 8].find(
        (many) => Math.fround(Number(value.toPrecision(many))) === value,
      );
      return String(Number(value.toPrecision(digits ?? 9)));
    };
    // Floats from 0.0005 to 1, and those on either side of every decimal of three digits, and of every power of two.
    const near = (value: number): number[] => {
      const [bits] = new Uint32Array(Float32Array.of(value).buffer) as unknown as [number];
      return [...new Float32Array(Uint32Array.of(bits - 1, bits, bits + 1).buffer)];
    };
    const next = seeded(3);
    const values = [
      ...Float32Array.from({ length: 20_000 }, () => 0.0005 + 0.9995 * next()),
      ...Float32Array.from({ length: 5_000 }, () => 10 ** (-3.2 * next())),
      ...Array.from({ length: 1000 }, (_, place) => near((place + 1) / 1000)).flat(),
      ...Array.from({ length: 12 }, (_, power) => near(2 ** -power)).flat(),
    ];
    for (const value of values)
      if (float32Text(value) !== byDefinition(value)) expect(value).toBe(byDefinition(value));
    expect(values.length).toBeGreaterThan(25_000);
  });

  it('reads back as the same float32, whatever its bits', () => {
    const bits = Uint32Array.from(
      { length: 2000 },
      (_, index) => Math.imul(index + 1, 0x9e3779b1) & 0x3fffffff,
    );
    for (const value of new Float32Array(bits.buffer))
      expect(Math.fround(Number(float32Text(value)))).toBe(value);
  });
});
