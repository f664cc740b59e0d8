import type { Leaks, Repeats } from './repeats.js';

/** `2 %`, `0.25 %`, `under 0.01 %`. */
export function percent(share: number): string {
  const hundredths = Math.round(10_000 * share) / 100;
  return share > 0 && hundredths === 0 ? 'under 0.01 %' : `${hundredths} %`;
}

/** `12 of 600 (2 %)`. */
export function ofAll(count: number, all: number): string {
  return `${count} of ${all} (${percent(all === 0 ? 0 : count / all)})`;
}

/** `rows 3, 17; 5, 6` of texts that are there several times. */
export function rowsOf({ examples }: Repeats, most = examples.length): string {
  return `rows ${examples
    .slice(0, most)
    .map((rows) => rows.join(', '))
    .join('; ')}`;
}

/** `row 4 (row 17 of the training table)`. */
export function leakingRows({ examples }: Leaks, most = examples.length): string {
  return examples
    .slice(0, most)
    .map(({ test, train }) => `row ${test} (row ${train} of the training table)`)
    .join(', ');
}
