import { describe, expect, it } from 'vitest';
import { findColumnIssues } from '../../metrics/confident-learning.js';
import { seeded } from './cases.js';

const rows = 4000;
const positives = 0.25;
const tables = 5;

interface Noise {
  /** Share of the rows whose label was turned round. */
  readonly noise: number;
  /** How far the two kinds of rows lie apart, in standard deviations: 0 is no skill. */
  readonly skill: number;
}

/**
 * Of rows that were turned round, how many are found, and of those that are found how many were. The model knows
 * what can be known: the probability that a row was given the label, by a normal variable whose mean tells the
 * truth. A model that was trained on the same noise gives no more.
 */
function found({ noise, skill }: Noise): { precision: number; recall: number } {
  let [hits, flagged, turned] = [0, 0, 0];
  for (let table = 0; table < tables; table++) {
    const draw = seeded(1000 * table + 7);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
    const given = new Uint8Array(rows);
    const probabilities = new Float32Array(rows);
    const wrong = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) {
      const truth = Number(draw() < positives);
      wrong[row] = Number(draw() < noise);
      given[row] = truth ^ wrong[row]!;
      const seen = truth * skill + normal();
      const odds = (positives / (1 - positives)) * Math.exp(skill * seen - skill ** 2 / 2);
      const share = odds / (1 + odds);
      probabilities[row] = share * (1 - noise) + (1 - share) * noise;
    }
    const { ranked } = findColumnIssues(given, probabilities);
    hits += ranked.reduce((sum, row) => sum + wrong[row]!, 0);
    flagged += ranked.length;
    turned += wrong.reduce((sum, each) => sum + each, 0);
  }
  return { precision: hits / flagged, recall: hits / turned };
}

describe('labels that were turned round on purpose', () => {
  const cases = [0.02, 0.05, 0.1, 0.2].flatMap((noise) => [2, 3, 4].map((skill) => ({ noise, skill })));
  const results = cases.map((each) => ({ ...each, ...found(each) }));

  it('are found the better the more the model knows (the table of docs/results.md)', () => {
    const percent = (share: number): string => `${Math.round(100 * share)} %`;
    for (const { noise, skill, precision, recall } of results)
      console.log(
        `noise ${percent(noise)}, ${skill} standard deviations apart: precision ${percent(precision)}, recall ${percent(recall)}`,
      );
    for (const noise of [0.02, 0.05, 0.1, 0.2]) {
      const [weak, fair, strong] = results.filter((each) => each.noise === noise);
      expect(fair!.precision).toBeGreaterThan(weak!.precision);
      expect(strong!.precision).toBeGreaterThan(fair!.precision);
      // Many more than there would be among rows drawn at random.
      expect(weak!.precision).toBeGreaterThan(2 * noise);
      expect(strong!.recall).toBeGreaterThan(0.8);
    }
  });

  it('are not found by a model without skill: of those it names, as many are wrong as of all that have the label', () => {
    const noise = 0.1;
    const wrong = (1 - positives) * noise;
    const { precision } = found({ noise, skill: 0 });
    expect(precision).toBeCloseTo(wrong / (wrong + positives * (1 - noise)), 1);
  });
});
