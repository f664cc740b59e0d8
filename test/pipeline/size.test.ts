import { describe, expect, it } from 'vitest';
import { faults, minimal } from './minimal.js';

const sized = (folds: number, epochs: number): string =>
  `${minimal}folds: { count: ${folds} }\ntraining: { epochs: ${epochs} }\n`;

describe('a pipeline whose run would not fit into the messages of Temporal', () => {
  it('is refused for its folds, with how many may be', () => {
    expect(faults(sized(1000, 4))).toEqual([
      expect.stringMatching(
        /^folder\/p\.yaml:5:17 folds\.count: found 1000, expected at most \d{3} with 4 epochs: .*a message of Temporal's$/,
      ),
    ]);
  });

  it('is refused for its epochs where fewer folds would not help', () => {
    expect(faults(sized(2, 10_000))).toEqual([
      expect.stringMatching(
        /^folder\/p\.yaml:6:21 training\.epochs: found 10000, expected at most \d{4} with 2 folds/,
      ),
    ]);
  });

  it('is accepted with as many folds as the refusal names, and refused with one more', () => {
    const most = Number(/at most (\d+)/.exec(faults(sized(1000, 4))[0] ?? '')?.[1]);
    expect(faults(sized(most, 4))).toEqual([]);
    expect(faults(sized(most + 1, 4))).toHaveLength(1);
  });

  it('may have fewer folds where the pipeline itself is long, as every fold is told it', () => {
    const labels = Array.from({ length: 400 }, (_, index) => `label ${'x'.repeat(40)} ${index}`);
    const long = sized(1000, 1).replace('[joy]', `[${labels.join(', ')}]`);
    const most = (text: string): number => Number(/at most (\d+)/.exec(faults(text)[0] ?? '')?.[1]);
    expect(most(long)).toBeLessThan(most(sized(1000, 1)));
  });
});
