import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLabelledRows } from '../../../data/dataset.js';
import { RandomState } from '../../../data/splits/random-state.js';
import { labelClasses, stratifiedKFold, type LabelClasses } from '../../../data/splits/stratified.js';

const root = join(import.meta.dirname, '../../..');
const golden = <T>(name: string): T =>
  JSON.parse(readFileSync(join(root, 'test/golden/splits', name), 'utf8')) as T;

interface Expected {
  draws: { seed: number; first: number[]; last: number[]; count: number; shuffled: number[] }[];
  cases: {
    count: number;
    seed: number;
    names: string[];
    classes: number[];
    folds: number[];
    warned: boolean;
  }[];
}
const { draws, cases } = golden<Expected>('expected.json');

/** Classes by name, numbered as `labelClasses` does. */
function classesOf(names: readonly string[]): LabelClasses {
  const numbers = new Map([...new Set(names)].map((name, number) => [name, number]));
  return { of: Int32Array.from(names, (name) => numbers.get(name)!), count: numbers.size };
}

describe('RandomState equals NumPy’s legacy RandomState', () => {
  it.each(draws)('draws the same 32-bit numbers from seed $seed', ({ seed, count, first, last }) => {
    const random = new RandomState(seed);
    const bits = Array.from({ length: count }, () => random.uint32());
    expect(bits.slice(0, 5)).toEqual(first);
    expect(bits.slice(-5)).toEqual(last);
  });

  it.each(draws)('shuffles 0 … 999 to the same order from seed $seed', ({ seed, shuffled }) => {
    const values = Int32Array.from({ length: shuffled.length }, (_, index) => index);
    new RandomState(seed).shuffle(values);
    expect([...values]).toEqual(shuffled);
  });

  it.each([-1, 0.5, 2 ** 32, NaN])('refuses the seed %s', (seed) => {
    expect(() => new RandomState(seed)).toThrow(RangeError);
  });
});

describe('stratifiedKFold equals scikit-learn’s StratifiedKFold row for row', () => {
  it.each(cases.map((value) => ({ ...value, rows: value.classes.length, kinds: value.names.length })))(
    'for $rows rows of $kinds classes in $count folds from seed $seed',
    ({ classes, names, count, seed, folds, warned }) => {
      const split = stratifiedKFold(classesOf(classes.map((index) => names[index]!)), { count, seed });
      expect([...split.folds]).toEqual(folds);
      expect(split.warnings.length > 0).toBe(warned);
    },
  );

  const train = join(root, '../shared/data/brighter-eng/train.csv');
  describe.skipIf(!existsSync(train))('on the shared BRIGHTER table (skipped where it is absent)', () => {
    it('assigns all of its rows as scikit-learn does', async () => {
      const expected = golden<{ rows: number; count: number; seed: number; sha256: string }>('brighter.json');
      const labels = ['anger', 'fear', 'joy', 'sadness', 'surprise'];
      const columns = { text: ['text'], id: 'id', labels };
      const rows = await readLabelledRows(train, columns, { append: () => undefined });
      const { folds } = stratifiedKFold(labelClasses(rows.labels, labels.length), expected);
      expect(folds.length).toBe(expected.rows);
      expect(createHash('sha256').update(Uint8Array.from(folds)).digest('hex')).toBe(expected.sha256);
    });
  });
});

describe('stratifiedKFold on too few rows', () => {
  it('refuses more folds than rows', () => {
    expect(() => stratifiedKFold(classesOf(['1', '1', '0']), { count: 4, seed: 1 })).toThrow(
      /more folds than training rows; found 4; expected at most 3/,
    );
  });

  it('refuses more folds than every class has rows', () => {
    expect(() => stratifiedKFold(classesOf(['1', '1', '0', '0']), { count: 3, seed: 1 })).toThrow(
      /every combination of labels has fewer.*expected at most 2/,
    );
  });

  it('warns when some class is smaller than the folds are many', () => {
    const { warnings } = stratifiedKFold(classesOf(['1', '1', '1', '0', '2']), { count: 3, seed: 1 });
    expect(warnings).toEqual([expect.stringMatching(/^2 of 3 combinations of labels.*the rarest in 1/)]);
  });
});

it('labelClasses numbers the combinations of labels in order of appearance', () => {
  const { of, count } = labelClasses(Uint8Array.of(1, 0, 1, 0, 0, 0, 1, 0, 1), 3);
  expect([[...of], count]).toEqual([[0, 1, 0], 2]);
});

it('over 200 generated tables each class, and all rows, are spread as evenly as can be', () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = new RandomState(seed);
    const count = 2 + random.upTo(8);
    const kinds = 1 + random.upTo(6);
    const classes = Array.from({ length: count + random.upTo(80) }, () => String(random.upTo(kinds)));
    classes.push(...new Array<string>(count).fill('0'));
    const { folds } = stratifiedKFold(classesOf(classes), { count, seed });
    for (const kind of [...new Set(classes), null]) {
      const sizes = Array.from({ length: count }, (_, fold) =>
        folds.reduce(
          (sum, of, row) => sum + Number(of === fold + 1 && (kind ?? classes[row]) === classes[row]),
          0,
        ),
      );
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  }
});
