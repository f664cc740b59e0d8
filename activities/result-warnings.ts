import type { Dataset, Thresholds, TrainedFold } from './contracts.js';

/** What a reader of the scores has to mind: of the data, of the folds, and of what could not be tuned. */
export function resultWarnings(
  data: Dataset,
  folds: readonly TrainedFold[],
  { perLabel }: Thresholds,
): string[] {
  return [
    ...data.warnings,
    ...foldWarnings(folds),
    ...Object.entries(perLabel).flatMap(([label, scores]) => untuned(JSON.stringify(label), scores)),
  ];
}

/** One line for each text, whichever folds say it. */
function foldWarnings(folds: readonly TrainedFold[]): string[] {
  const byText = new Map<string, number[]>();
  for (const { fold, warnings } of folds) {
    for (const text of warnings) byText.set(text, [...(byText.get(text) ?? []), fold]);
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

function foldNames(numbers: readonly number[]): string {
  return `${numbers.length === 1 ? 'fold' : 'folds'} ${numbers.join(', ')}`;
}
