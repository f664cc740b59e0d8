import { describe, expect, it } from 'vitest';
import { parseTable } from '../../data/csv.js';
import { float32Text, oofCsv, submissionCsv } from '../../data/results.js';

describe('submissionCsv', () => {
  it('writes the id and each label of every row', () => {
    const rows = {
      id: 'id',
      ids: ['a', '007'],
      labels: ['joy', 'fear'],
      predictions: Uint8Array.of(1, 0, 0, 1),
    };
    expect(submissionCsv(rows)).toBe('id,joy,fear\na,1,0\n007,0,1\n');
  });

  it('quotes what needs quotes, so that it reads back the same', () => {
    const ids = ['a,b', 'say "x"', 'two\nlines', ' '];
    const text = submissionCsv({ id: 'row, id', ids, labels: ['joy'], predictions: new Uint8Array(4) });
    const { columns } = parseTable(Buffer.from(text), 'submission.csv');
    expect(columns.array('row, id')).toEqual(ids);
  });

  it('refuses predictions of another shape', () => {
    const rows = { id: 'id', ids: ['a'], labels: ['joy', 'fear'], predictions: Uint8Array.of(1) };
    expect(() => submissionCsv(rows)).toThrow(/1 values for 1 rows of 2 labels/);
  });
});

describe('oofCsv', () => {
  it('writes id, fold, labels and probabilities, blank where no fold predicted the row', () => {
    const text = oofCsv({
      ids: ['a', 'b'],
      folds: Int32Array.of(2, 1),
      labels: ['joy', 'fear'],
      truth: [
        [1, 0],
        [0, 1],
      ],
      probabilities: Float32Array.of(0.3, 0.1, NaN, NaN),
    });
    expect(text).toBe('id,fold,joy,fear,p_joy,p_fear\na,2,1,0,0.3,0.1\nb,1,0,1,,\n');
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

  it('reads back as the same float32, whatever its bits', () => {
    const bits = Uint32Array.from(
      { length: 2000 },
      (_, index) => Math.imul(index + 1, 0x9e3779b1) & 0x3fffffff,
    );
    for (const value of new Float32Array(bits.buffer))
      expect(Math.fround(Number(float32Text(value)))).toBe(value);
  });
});
