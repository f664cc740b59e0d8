import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { TablesMeasurement } from '../../../bench/tables/measure.js';
import { ended } from '../../cli/built-command-line.js';

const bench = join(process.cwd(), 'dist/bench/main.js');
const built = existsSync(bench);
const without = built ? '' : ' (skipped: `npm run build` has not been run)';

/**
 * A machine that others use makes stalls longer, so the limit is a part of what the work takes. Done on the
 * worker's own loop, it would stand still for most of it.
 */
it.skipIf(!built)(
  `a worker goes on while it prepares, scores and writes a table of 30,000 rows${without}`,
  { timeout: 300_000 },
  async () => {
    const { code, out, err } = await ended(process.execPath, [bench, 'tables', '--rows', '30000', '--json']);
    expect([code, err]).toEqual([0, '']);
    const { steps } = JSON.parse(out) as TablesMeasurement;
    const activities = ['prepareData', 'aggregateOof', 'tuneThresholds', 'predictEnsemble', 'writeReport'];
    expect(Object.keys(steps)).toEqual(activities);
    const watched = Object.values(steps);
    const seconds = watched.reduce((sum, step) => sum + step.seconds, 0);
    const longestStall = Math.max(...watched.map(({ longestStallMs }) => longestStallMs)) / 1000;
    expect(longestStall).toBeLessThan(seconds / 5);
    for (const { childBytes } of watched) if (childBytes !== null) expect(childBytes).toBeLessThan(512e6);
  },
);
