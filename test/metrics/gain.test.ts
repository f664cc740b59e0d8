import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { integers } from '../../engine/kernels/philox.js';
import { gainOver } from '../../metrics/gain.js';
import { drawnByRule, generatedCase, seeded } from './cases.js';

interface Golden {
  name: string;
  width: number;
  labels: number[];
  decided: number[];
  others: number[];
  gain: number;
  interval: [number, number];
}
const path = join(import.meta.dirname, '../golden/metrics/ensembles.json');
const { gains } = JSON.parse(readFileSync(path, 'utf8')) as { gains: Golden[] };

const drawing =
  (seed: number) =>
  (resample: number, rows: number): Uint32Array =>
    integers(rows, rows, [seed, 0], [resample, 0, 0]);

it.each(gains)('a gain and its interval equal those of scikit-learn and NumPy: $name', (golden) => {
  const [labels, decided, others] = [golden.labels, golden.decided, golden.others].map((values) =>
    Uint8Array.from(values),
  ) as [Uint8Array, Uint8Array, Uint8Array];
  const gain = gainOver(others, decided, labels, golden.width, drawnByRule);
  expect(gain?.macroF1).toBeCloseTo(golden.gain, 12);
  expect(gain?.interval[0]).toBeCloseTo(golden.interval[0], 12);
  expect(gain?.interval[1]).toBeCloseTo(golden.interval[1], 12);
});

describe('the interval of a gain', () => {
  it('holds the gain that is known in 95 of 100 tables', () => {
    const [tables, rows, width] = [200, 300, 3];
    const [rate, hit, hitOfOthers, falseAlarm] = [0.3, 0.7, 0.6, 0.1];
    const f1 = (found: number): number =>
      (2 * rate * found) / (rate + rate * found + (1 - rate) * falseAlarm);
    const known = f1(hit) - f1(hitOfOthers);
    let held = 0;
    for (let table = 1; table <= tables; table++) {
      const draw = seeded(table);
      const labels = Uint8Array.from({ length: rows * width }, () => Number(draw() < rate));
      const deciding = (found: number): Uint8Array =>
        labels.map((label) => Number(draw() < (label === 1 ? found : falseAlarm)));
      const { interval } = gainOver(deciding(hitOfOthers), deciding(hit), labels, width, drawing(table))!;
      held += Number(interval[0] <= known && known <= interval[1]);
    }
    console.log(`the interval holds the known gain in ${held} of ${tables} tables`);
    // Three standard deviations of so many tables, at 95 %.
    expect(Math.abs(held / tables - 0.95)).toBeLessThan(3 * Math.sqrt((0.95 * 0.05) / tables));
  });

  it('is narrow about nothing for the same decisions, and turns round with the two', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { labels, width, probabilities } = generatedCase(seed);
      const decided = Uint8Array.from(probabilities, (p) => Number(p > 0.4));
      const others = Uint8Array.from(probabilities, (p) => Number(p > 0.7));
      const none = gainOver(decided, decided, labels, width, drawing(seed));
      expect(none).toEqual({ macroF1: 0, interval: [0, 0] });
      const gain = gainOver(others, decided, labels, width, drawing(seed))!;
      const loss = gainOver(decided, others, labels, width, drawing(seed))!;
      expect(loss.macroF1).toBeCloseTo(-gain.macroF1, 12);
      expect(loss.interval[0]).toBeCloseTo(-gain.interval[1], 12);
      expect(loss.interval[1]).toBeCloseTo(-gain.interval[0], 12);
    }
  });

  it('is that of the same draws again, and of others another', () => {
    const { labels, width, probabilities } = generatedCase(4);
    const decided = Uint8Array.from(probabilities, (p) => Number(p > 0.5));
    const ofSeed = (seed: number): unknown =>
      gainOver(new Uint8Array(labels.length), decided, labels, width, drawing(seed));
    expect(ofSeed(1)).toEqual(ofSeed(1));
    expect(ofSeed(1)).not.toEqual(ofSeed(2));
  });

  it('is not defined without rows', () => {
    const none = new Uint8Array(0);
    expect(gainOver(none, none, none, 3, drawing(1))).toBeNull();
  });
});
