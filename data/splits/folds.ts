import { shuffledKFold } from './shuffled.js';
import { stratifiedKFold, type LabelClasses, type Split } from './stratified.js';

/** How rows are assigned to folds. */
export interface FoldsOptions {
  readonly count: number;
  readonly strategy: 'stratified' | 'random';
  readonly seed: number;
}

/** @throws InputFault where the rows do not suffice */
export function assignFolds(classes: LabelClasses, { strategy, ...options }: FoldsOptions): Split {
  switch (strategy) {
    case 'stratified':
      return stratifiedKFold(classes, options);
    case 'random':
      return shuffledKFold(classes.of.length, options);
  }
}
