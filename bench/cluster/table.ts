import type { Spread } from '../step/summary.js';
import { faultKinds } from './fault.js';
import type { Summary } from './summary.js';

const header = ['', 'count', 'median', 'mean', 'most'];

/** The figures as lines for a person. */
export function tableOf(summary: Summary): string {
  const { faultCount, runs, seconds, costs, violations, files } = summary;
  const rows = faultKinds.flatMap((kind) => {
    const cost = costs[kind];
    if (cost === undefined) return [];
    const { median, mean, max } = cost.behind;
    return [[kind, String(cost.count), ...[median, mean, max].map((value) => value.toFixed(1))]];
  });
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return [
    `${faultCount} faults in ${runs} runs; seconds by which what each held up the longest fell behind an undisturbed run:`,
    ...[header, ...rows].map((row) => `  ${line(row)}`),
    `  a run took ${words(seconds.undisturbed)} undisturbed, ${words(seconds.disturbed)} disturbed`,
    `  a disturbed one beyond the undisturbed one before it: ${words(seconds.more)}`,
    `  where no fault was, the parts of a run were together ${Math.abs(seconds.besides).toFixed(1)} s ${seconds.besides < 0 ? 'ahead' : 'behind'}`,
    violations.length === 0
      ? `  the same bits in ${files} files of every run, no fold trained again that was finished`
      : '  FAILED',
    ...violations.map((violation) => `  ${violation}`),
  ].join('\n');
}

function words({ median, min, max }: Spread): string {
  return `${median.toFixed(1)} s [${min.toFixed(1)}–${max.toFixed(1)}]`;
}
