import { cellId } from '../pipeline/matrix.js';
import type { Dataset, Thresholds, TrainedCell } from './contracts.js';

/** What a reader of the scores has to mind: of the data, of the folds, and of what could not be tuned. */
export function resultWarnings(
  data: Dataset,
  folds: readonly TrainedCell[],
  { perLabel }: Thresholds,
): string[] {
  return [
    ...data.warnings,
    ...foldWarnings(folds),
    ...Object.entries(perLabel).flatMap(([label, scores]) => untuned(JSON.stringify(label), scores)),
  ];
}

/** One line for each text, whichever folds say it. */
function foldWarnings(folds: readonly TrainedCell[]): string[] {
  const byText = new Map<string, string[]>();
  for (const cell of folds) {
    for (const text of cell.warnings) byText.set(text, [...(byText.get(text) ?? []), cellId(cell)]);
  }
  return [...byText].map(([text, numbers]) => `${foldNames(numbers)}: ${text}`);
}

function untuned(label: string, { tunable, untunedFolds = [] }: Thresholds['perLabel'][string]): string[] {
  if (tunable === false) {
    return [`The label ${label} could not be tuned: no threshold gives it an F1 above 0, so it is 0.5.`];
  }
  if (untunedFolds.length === 0) return [];
  const judged = `the cross-fitted score judges ${foldNames(untunedFolds)} at 0.5`;
  return [`The label ${label} could not be tuned on every choice of folds: ${judged}.`];
}

function foldNames(numbers: readonly (number | string)[]): string {
  return `${numbers.length === 1 ? 'fold' : 'folds'} ${numbers.join(', ')}`;
}
