import { describe, expect, it } from 'vitest';
import { faults, minimal } from './minimal.js';

const sized = (folds: number, epochs: number, matrix = '{ fold: all }'): string =>
  `${minimal}folds: { count: ${folds} }\ntraining: { epochs: ${epochs} }\nsteps:\n  data: { run: prepareData }\n  fold: { run: trainFold, needs: data, matrix: ${matrix} }\n`;
const mostOf = (text: string): number => Number(/at most (\d+)/.exec(faults(text)[0] ?? '')?.[1]);

describe('a pipeline whose run would not fit into a history of Temporal', () => {
  it('is refused for its folds, with how many may be', () => {
    expect(faults(sized(1000, 20))).toEqual([
      expect.stringMatching(
        /^folder\/p\.yaml:5:17 folds\.count: found 1000, expected at most \d{3} with 20 epochs: what a run may take of Temporal$/,
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

  it('is refused for its matrix where there is one over more than folds', () => {
    const seeds = Array.from({ length: 60 }, (_, seed) => seed).join(', ');
    expect(faults(sized(50, 4, `{ fold: all, training.seed: [${seeds}] }`))).toEqual([
      expect.stringMatching(
        /steps\.fold\.matrix: found 3000 cells, expected at most \d{4} cells with 4 epochs/,
      ),
    ]);
  });

  it('may have fewer cells where their names are long, as an answer about the run names them all', () => {
    const seeds = Array.from({ length: 100 }, (_, seed) => seed);
    const most = (values: readonly (string | number)[]): number =>
      mostOf(sized(100, 2, `{ fold: all, training.seed: [${values.join(', ')}], training.epochs: [1, 2] }`));
    const wide = seeds.map((seed) => 1_000_000_000 + seed);
    expect(most(wide)).toBeLessThan(most(seeds));
    expect(most(seeds)).toBeGreaterThan(2000);
  });

  it('counts the epochs of the member that trains longest', () => {
    expect(faults(sized(500, 1, '{ fold: all, training.epochs: [1, 50] }'))).toHaveLength(1);
    expect(faults(sized(500, 1, '{ fold: all, training.epochs: [1, 2] }'))).toEqual([]);
  });

  it('is accepted with as many folds as the refusal names, and refused with one more', () => {
    const most = mostOf(sized(1000, 20));
    expect(faults(sized(most, 20))).toEqual([]);
    expect(faults(sized(most + 1, 20))).toHaveLength(1);
  });

  it('may have a thousand folds of the usual length, however long the pipeline itself is', () => {
    const labels = Array.from({ length: 400 }, (_, index) => `label ${'x'.repeat(40)} ${index}`);
    expect(faults(sized(1000, 4).replace('[joy]', `[${labels.join(', ')}]`))).toEqual([]);
  });
});
