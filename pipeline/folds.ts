import type { Pipeline } from './pipeline.js';

type Folds = Pipeline['folds'];

/** All folds of all repeats: as many as there are models of a member. Those of repeat r begin at (r − 1) · count + 1. */
export function foldTotal({ count, repeats = 1 }: Pick<Folds, 'count' | 'repeats'>): number {
  return count * repeats;
}

/** The repeat of a fold, and its number within it; both from 1. */
export function placeOfFold(
  fold: number,
  { count }: Pick<Folds, 'count'>,
): { readonly repeat: number; readonly fold: number } {
  return { repeat: Math.ceil(fold / count), fold: ((fold - 1) % count) + 1 };
}

/** The settings of the split without those that say what is so without them: they retire no result. */
export function significantFolds({ together = 'none', repeats = 1, ...folds }: Folds): Folds {
  return {
    ...folds,
    ...(together === 'none' ? {} : { together }),
    ...(repeats === 1 ? {} : { repeats }),
  };
}

/** Whether rows are held out by groups of them. */
export function hasGroups({ group, together = 'none' }: Folds): boolean {
  return group !== undefined || together !== 'none';
}

/** The strategy that deals out the folds: of groups one that keeps them whole. Null where a column gives them. */
export function strategyOf(folds: Folds): Folds['strategy'] | null {
  if (folds.column !== undefined) return null;
  return folds.strategy === 'stratified' && hasGroups(folds) ? 'stratified-group' : folds.strategy;
}

/** How many models each member has: `5 folds`, or `3 × 5 folds`. */
export function foldCountWords({ count, repeats = 1 }: Pick<Folds, 'count' | 'repeats'>): string {
  return `${repeats === 1 ? '' : `${repeats} × `}${count} folds`;
}

/** How the rows are split, in words. */
export function splitWords(folds: Folds): string {
  const { column, group, seed, together = 'none' } = folds;
  const strategy = strategyOf(folds);
  return [
    foldCountWords(folds),
    ...(strategy === null ? [`given by the column ${JSON.stringify(column)}`] : [strategy]),
    ...(group === undefined ? [] : [`groups by the column ${JSON.stringify(group)}`]),
    ...(together === 'none' ? [] : [`${together} kept together`]),
    // What nothing is drawn for has no seed.
    ...(strategy === null || strategy === 'group' ? [] : [`seed ${seed}`]),
  ].join(', ');
}

/** Whether the split is as the reference method's but for the number of folds. */
export function isPlainSplit(folds: Folds): boolean {
  return strategyOf(folds) === 'stratified' && foldTotal(folds) === folds.count;
}
