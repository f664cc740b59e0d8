import { z } from 'zod';
import { defaultEnsembleMethod, ensembleMethodNames, type EnsembleMethod } from '../tasks/ensemble.js';
import type { Pipeline } from './pipeline.js';

/** How the members of an ensemble become one, where a matrix has several. */
export interface EnsembleOptions {
  readonly method: EnsembleMethod;
  /** What becomes of a member that lacks folds: it is kept with those that it has, or left out. */
  readonly incomplete: 'keep' | 'drop';
}

export const defaultEnsemble: EnsembleOptions = { method: defaultEnsembleMethod, incomplete: 'keep' };

export const ensembleSchema = z.strictObject({
  method: z
    .enum(ensembleMethodNames)
    .default(defaultEnsemble.method)
    .describe(
      'How the members are weighed: alike (`mean`), by greedy selection, or by the weights with the lowest loss.',
    ),
  incomplete: z
    .enum(['keep', 'drop'])
    .default(defaultEnsemble.incomplete)
    .describe('Whether a member that lacks folds is kept with those that it has, or left out.'),
});

/** Of a pipeline whose file says nothing of it, the default. */
export function ensembleOf({ ensemble }: Pick<Pipeline, 'ensemble'>): EnsembleOptions {
  return ensemble ?? defaultEnsemble;
}
