import { hardestRows } from './hardest-rows.js';
import { judgedRows } from './judged-rows.js';
import type { ReportInput } from './report-input.js';

/**
 * The rows of the training table whose texts the page shows where texts may be shown, each once, ascending. A
 * section that shows texts names its rows here, and finds the texts in the page's input.
 */
export function shownRows(input: Pick<ReportInput, 'result' | 'outOfFold'>): number[] {
  const judged = judgedRows(input);
  const hardest = hardestRows({ ...input, judged }).map(({ row }) => row);
  const doubted = input.result.labelIssues?.worst.map(({ row }) => row - 1) ?? [];
  // A result that came from elsewhere may name rows that are not there.
  const rows = doubted.filter((row) => row < input.result.rows.train);
  return [...new Set([...hardest, ...rows])].sort((a, b) => a - b);
}

/** So many characters of a text are shown. */
const mostCharacters = 1000;

/** The beginning of a text that is long. */
export function shownText(text: string): string {
  if (text.length <= mostCharacters) return text;
  const cut = text.slice(0, mostCharacters);
  // Not in the middle of a character of two halves.
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut} …`;
}
