import { expect, it } from 'vitest';
import { integers } from '../../engine/kernels/philox.js';
import { confidence, type DrawRows } from '../../metrics/bootstrap.js';
import { differencesOf } from '../../metrics/difference.js';
import { seeded } from './cases.js';
import { simulateRuns, type TwoRuns } from './two-runs.js';

/** The same resamples for every table of so many rows: they do not depend on it. */
function resamples(): DrawRows {
  const drawn = new Map<string, Uint32Array>();
  return (resample, rows) => {
    const name = `${resample} ${rows}`;
    const found = drawn.get(name) ?? integers(rows, rows, [11, 0], [resample, 0, 0]);
    drawn.set(name, found);
    return found;
  };
}

const tables = 150;
/** Three standard deviations of a share over so many tables. */
const slack = (share: number, count: number): number => 3 * Math.sqrt((share * (1 - share)) / count);

const settings: readonly TwoRuns[] = [
  [0, 0],
  [1, 1],
  [1, 1.4],
].flatMap(([base, other]) =>
  [200, 600].map((rows) => ({ rows, rate: 0.3, skills: [base!, other!] as const })),
);

/*
 * The models of both runs learn from the rows that they are judged on, those of other folds. Where nothing but
 * chance is learnt, pairs of rows count twice, and the bootstrap alone is too sure; where the labels are known
 * well, it is nearly enough.
 */
it('the interval of a difference holds what is known of it at least as often as it says', () => {
  const draw = resamples();
  const told = settings.map(({ rows, rate, skills }) => {
    const next = seeded(rows + 1000 * skills[0] + 77 * skills[1]);
    let [held, heldPlainly, shown] = [0, 0, 0];
    for (let table = 0; table < tables; table++) {
      const { known, ...runs } = simulateRuns({ rows, rate, skills }, next);
      const { difference, interval, verdict } = differencesOf(runs, draw)!.macro;
      const plain = interval.map((bound) => difference + (bound - difference) / Math.SQRT2) as [
        number,
        number,
      ];
      held += Number(interval[0] <= known && known <= interval[1]);
      heldPlainly += Number(plain[0] <= known && known <= plain[1]);
      shown += Number(verdict === 'better' || verdict === 'worse');
    }
    console.log(
      `skills ${skills.join(' and ')}, ${rows} rows: held ${held} of ${tables}, by the bootstrap alone ${heldPlainly}; a difference is shown in ${shown}`,
    );
    return { held, heldPlainly, shown, skills };
  });
  for (const { held } of told) expect(held / tables).toBeGreaterThan(confidence - slack(confidence, tables));
  const ofNoise = told.filter(({ skills }) => skills[0] === 0);
  const share = (of: 'held' | 'heldPlainly' | 'shown'): number =>
    ofNoise.reduce((sum, each) => sum + each[of], 0) / (ofNoise.length * tables);
  expect(share('heldPlainly')).toBeLessThan(confidence - 0.02);
  expect(share('shown')).toBeLessThan(1 - confidence + slack(0.05, ofNoise.length * tables));
}, 300_000);
