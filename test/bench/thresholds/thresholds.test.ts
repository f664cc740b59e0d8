import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeRows } from '../../../bench/thresholds/made-rows.js';
import type { ThresholdsMeasurement } from '../../../bench/thresholds/measure.js';
import { f1 } from '../../../metrics/f1.js';
import { column } from '../../../metrics/matrix.js';
import { decide, thresholdGrid, tuneThresholds } from '../../../metrics/thresholds.js';
import { ended } from '../../cli/built-command-line.js';

const bench = join(process.cwd(), 'dist/bench/main.js');
const built = existsSync(bench);
const without = built ? '' : ' (skipped: `npm run build` has not been run)';

it.skipIf(!built)(
  `the benchmark of thresholds times what comes after training, and says where there is no other side${without}`,
  { timeout: 300_000 },
  async () => {
    const { code, out, err } = await ended(process.execPath, [
      ...[bench, 'thresholds', '--rows', '4000', '--labels', '6', '--searched', '500', '--turns', '1'],
      ...['--python', join(process.cwd(), 'no-such-python'), '--json'],
    ]);
    expect([code, err]).toEqual([0, '']);
    const { afterTraining, search, resamples } = JSON.parse(out) as ThresholdsMeasurement;
    const { rows, labels, steps, seconds } = afterTraining;
    expect([rows, labels, resamples.rows, resamples.labels]).toEqual([4000, 6, 2768, 5]);
    expect(Object.keys(steps)).toEqual(['aggregateOof', 'tuneThresholds', 'predictEnsemble', 'writeReport']);
    expect(seconds).toBeCloseTo(
      Object.values(steps).reduce((sum, step) => sum + step.seconds, 0),
      6,
    );
    expect(search).toHaveProperty('missing', expect.stringContaining('no-such-python'));
  },
);

it('the search of the grid is several times as fast as a loop over it, and finds the same', () => {
  const { probabilities, truth, labels } = makeRows(20_000, 5);
  const grid = thresholdGrid();
  const loop = (): number[] =>
    Array.from({ length: labels }, (_, label) => {
      const [p, y] = [column(probabilities, labels, label), column(truth, labels, label)];
      const scores = Array.from(grid, (threshold) => f1(y, decide(p, [threshold])));
      return grid[scores.indexOf(Math.max(...scores))]!;
    });
  const search = (): number[] =>
    tuneThresholds(probabilities, truth, labels).map(({ threshold }) => threshold);
  // The best of several turns, as another process may take the processor in any of them.
  const fastest = { loop: Infinity, search: Infinity };
  for (let turn = 0; turn < 7; turn++) {
    for (const [name, find] of [['loop', loop] as const, ['search', search] as const]) {
      const started = performance.now();
      const found = find();
      fastest[name] = Math.min(fastest[name], performance.now() - started);
      expect(found).toEqual(loop());
    }
  }
  expect(fastest.loop / fastest.search).toBeGreaterThan(2);
});
