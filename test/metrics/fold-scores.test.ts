import { expect, it } from 'vitest';
import { f1PerLabel } from '../../metrics/f1.js';
import { f1ByFold } from '../../metrics/fold-scores.js';
import { selectRows } from '../../metrics/matrix.js';
import { decide } from '../../metrics/thresholds.js';
import { generatedCase } from './cases.js';

it.each(Array.from({ length: 30 }, (_, seed) => seed))(
  'F1 by fold is that of the rows of the fold alone (case %i)',
  (seed) => {
    const { labels, probabilities, folds, width } = generatedCase(seed);
    const decided = decide(probabilities, new Array<number>(width).fill(0.5));
    const found = f1ByFold(labels, decided, folds, width);
    expect(found.map(({ fold }) => fold)).toEqual([...new Set(folds)].sort());
    for (const { fold, f1 } of found) {
      const rows = Int32Array.from(folds.keys()).filter((row) => folds[row] === fold);
      const [y, d] = [selectRows(labels, width, rows), selectRows(decided, width, rows)];
      const expected = f1PerLabel(y, d, width);
      f1.forEach((score, label) => {
        const silent = [...rows.keys()].every((row) => !y[row * width + label] && !d[row * width + label]);
        expect(score).toBe(silent ? NaN : expected[label]);
      });
    }
  },
);
