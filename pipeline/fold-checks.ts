import { isMap } from './configuration.js';
import { describe } from './issues.js';
import type { Problem } from './problem.js';

interface Columns {
  readonly task: unknown;
  readonly labels: readonly string[];
  readonly data: unknown;
}

/** How rows are split: what does not go together, and columns that are something else already. */
export function foldProblems(folds: unknown, columns: Columns): Problem[] {
  if (!isMap(folds)) return [];
  return [...combinationProblems(folds, columns.task), ...columnProblems(folds, columns)];
}

function combinationProblems(folds: Record<string, unknown>, task: unknown): Problem[] {
  const { strategy = 'stratified', column, group, together = 'none', repeats = 1 } = folds;
  const grouped = group !== undefined || together !== 'none';
  const problems: Problem[] = [];
  const refuse = (setting: string, expected: string): unknown =>
    problems.push({ path: ['folds', setting], found: describe(folds[setting]), expected });
  if (column !== undefined) {
    if (strategy !== 'stratified') refuse('strategy', 'no strategy: folds.column gives the folds');
    if (together !== 'none')
      refuse('together', 'none: folds.column says already which rows are held out together');
    if (repeats !== 1) refuse('repeats', '1: folds.column gives one split');
    return problems;
  }
  if (strategy === 'multilabel' && task === 'single-label')
    refuse('strategy', 'stratified, which gives every class its share where a row has one');
  else if (strategy === 'multilabel' && grouped)
    refuse('strategy', 'stratified-group, group or random: multilabel does not keep groups whole');
  if ((strategy === 'group' || strategy === 'stratified-group') && !grouped)
    refuse('strategy', 'folds.group, the column of what is kept in one fold, or folds.together beside it');
  if (strategy === 'group' && repeats !== 1)
    refuse(
      'repeats',
      '1: group draws nothing, so that all would be the same; stratified-group and random do',
    );
  return problems;
}

/** A column that has another use says nothing of what belongs together. */
function columnProblems(folds: Record<string, unknown>, { labels, data }: Columns): Problem[] {
  const { id = 'id', text, target } = isMap(data) ? data : {};
  const uses = new Map<unknown, string>();
  if (target === undefined) for (const label of labels) uses.set(label, 'a label');
  else uses.set(target, 'the column of the classes');
  if (Array.isArray(text)) for (const name of text.slice(0, mostTexts)) uses.set(name, 'a text column');
  const problems = ['group', 'column'].flatMap((setting): Problem[] => {
    const name = folds[setting];
    // In a column of ids all rows differ.
    const use = name === id ? 'the id column' : uses.get(name);
    if (typeof name !== 'string' || use === undefined) return [];
    return [{ path: ['folds', setting], found: describe(name), expected: `another column: this is ${use}` }];
  });
  if (folds['group'] === undefined || folds['group'] !== folds['column']) return problems;
  const expected = 'another column than folds.group, whose rows are kept together anyway';
  return [...problems, { path: ['folds', 'column'], found: describe(folds['column']), expected }];
}

/** No list of a valid configuration is longer. */
const mostTexts = 100;
