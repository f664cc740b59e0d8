import { describe, expect, it } from 'vitest';
import {
  openPredictionDisplay,
  predictionBar,
  type PredictionView,
} from '../../../cli/terminal/prediction-progress.js';

const nothing = { rows: 0, bytes: 0 };
const half: PredictionView = { rows: 65_536, bytes: 5e6, total: 1e7, seconds: 100, from: nothing };

describe('how far a prediction is', () => {
  it.each([
    [half, 'Predicting ████████████░░░░░░░░░░░░ 50 %  65,536 rows  655 rows/s  1 min 40 s left'],
    [
      { ...half, from: { rows: 65_000, bytes: 4e6 } },
      'Predicting ████████████░░░░░░░░░░░░ 50 %  65,536 rows  5.4 rows/s  8 min 20 s left',
    ],
    [{ ...half, total: null }, 'Predicting  65,536 rows  5.0 MB  655 rows/s'],
    [{ ...half, ...nothing, seconds: 0 }, 'Predicting ░░░░░░░░░░░░░░░░░░░░░░░░ 0 %  0 rows'],
    [{ ...half, bytes: 1e7 }, 'Predicting ████████████████████████ 100 %  65,536 rows  655 rows/s'],
    [{ ...half, ...nothing, total: 0 }, 'Predicting ░░░░░░░░░░░░░░░░░░░░░░░░ 0 rows'],
  ])('%j', (view, line) => {
    expect(predictionBar(view, 100, false)).toBe(line);
    for (const width of [1, 10, 30, 50])
      expect([...predictionBar(view, width, false)].length).toBeLessThanOrEqual(Math.max(width, 26));
  });

  it('is a line now and then where nothing can be redrawn', () => {
    const lines: string[] = [];
    let ms = 0;
    const console = { print: () => undefined, note: (line: string) => void lines.push(line) };
    const stream = Object.assign(Object.create(process.stderr) as NodeJS.WriteStream & { fd: 2 }, {
      isTTY: false,
    });
    const display = openPredictionDisplay(console, 1000, nothing, { stream, now: () => ms });
    for (const [at, rows] of [
      [14_000, 5],
      [16_000, 10],
      [17_000, 11],
      [40_000, 50],
    ] as const) {
      ms = at;
      display.update({ rows, bytes: rows * 10 });
    }
    display.close();
    expect(lines).toEqual([
      '10 %, 10 rows, 0.6 rows/s, 2 min 24 s left',
      '50 %, 50 rows, 1.3 rows/s, 40 s left',
    ]);
  });
});
