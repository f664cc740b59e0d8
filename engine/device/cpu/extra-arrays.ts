import { joinsGradients } from '../../optim/perturbation.js';
import type { TrainingOptions } from '../training-state.js';

/** The arrays that are not there unless asked for, of all parameters that are trained. */
export type ExtraArray = 'sums' | 'average';

/** Those that options of a training ask for. */
export function extraArrays({
  accumulate,
  averaged,
  perturbation,
}: Pick<TrainingOptions, 'accumulate' | 'averaged' | 'perturbation'>): ExtraArray[] {
  const sums = accumulate > 1 || joinsGradients(perturbation);
  return [...(sums ? (['sums'] as const) : []), ...(averaged ? (['average'] as const) : [])];
}
