import type { FoldsOptions } from '../splits/folds.js';
import { nameOf, type TableFile } from '../table-file.js';
import type { DataFacts, TableFacts } from './data-facts.js';
import { leakingRows, ofAll, percent, rowsOf } from './words.js';

const apart =
  'Where they lie in different folds, a score judges what was trained on; folds.together keeps them in one.';

/** Examples in a warning: what travels is short, and the facts have more. */
const mostTold = 3;

/** From here on a share of letters in other scripts is told. */
const worthTelling = 0.1;

interface LookedAt {
  readonly train: TableFile;
  readonly test: TableFile | null;
  readonly folds: Pick<FoldsOptions, 'together'>;
}

/** What a person should look at before hours of training, a sentence or two each; never a text. */
export function dataWarnings(facts: DataFacts, { train, test, folds }: LookedAt): string[] {
  return [
    ...repeatWarnings(facts, nameOf(train), (folds.together ?? 'none') !== 'none'),
    ...(test === null ? [] : leakWarnings(facts, nameOf(test))),
    ...driftWarnings(facts),
  ];
}

function repeatWarnings(
  { repeated, train: { rows } }: DataFacts,
  file: string,
  keptTogether: boolean,
): string[] {
  if (repeated === null) return [];
  const { duplicates, conflicts, near } = repeated;
  const more = (near?.duplicates.rows ?? 0) - duplicates.rows;
  return [
    ...(duplicates.rows === 0
      ? []
      : [
          `${file}: ${ofAll(duplicates.rows, rows)} rows have the text of an earlier row, whatever its case and blanks: ${rowsOf(duplicates, mostTold)}.${keptTogether ? '' : ` ${apart}`}`,
        ]),
    ...(more <= 0 || near === null
      ? []
      : [
          `${file}: ${ofAll(more, rows)} more rows have nearly the text of another: ${rowsOf(near.duplicates, mostTold)}.`,
        ]),
    ...(conflicts.rows === 0
      ? []
      : [
          `${file}: ${ofAll(conflicts.rows, rows)} rows have the text of others and other labels: ${rowsOf(conflicts, mostTold)}. One of them must be wrong, and no model can get both right.`,
        ]),
  ];
}

function leakWarnings({ repeated, test }: DataFacts, file: string): string[] {
  const leaks = repeated?.leaks ?? null;
  if (leaks === null || test === null || leaks.rows === 0) return [];
  return [
    `${file}: ${ofAll(leaks.rows, test.rows)} rows have the text of a training row: ${leakingRows(leaks, mostTold)}. What is predicted for them says nothing of new texts.`,
  ];
}

function driftWarnings({ train, test, drift }: DataFacts): string[] {
  if (test === null || drift === null) return [];
  return [
    ...(drift.scripts < worthTelling
      ? []
      : [
          `The rows to predict are in other scripts than the training rows: ${scriptsOf(test)} there, ${scriptsOf(train)} here.`,
        ]),
    ...(isFarther(drift.lengths, train.rows, test.rows)
      ? [
          `The texts to predict are of other lengths than the training rows: half have at most ${test.characters.median} characters there, ${train.characters.median} here.`,
        ]
      : []),
  ];
}

/** Whether lengths differ by more than is worth telling, and by more than chance has it (at 1 %; Smirnov, 1948). */
function isFarther(distance: number, one: number, other: number): boolean {
  return distance >= Math.max(worthTelling, 1.63 * Math.sqrt(1 / one + 1 / other));
}

/** `Latin 98 %, Cyrillic 2 %`: the largest. */
function scriptsOf({ scripts }: TableFacts): string {
  return Object.entries(scripts)
    .slice(0, mostTold)
    .map(([name, share]) => `${name} ${percent(share)}`)
    .join(', ');
}
