import type { Task } from '../../tasks/task.js';
import type { ClassWeights } from './option-groups.js';

/**
 * What a positive of each label counts in the loss; null where all count 1.
 *
 * @param targets of the training set, 0 or 1 per label: the held-out rows have no say
 */
export function classWeightsOf(
  classWeights: ClassWeights,
  labels: readonly string[],
  targets: readonly (readonly number[])[],
  task: Task,
): readonly number[] | null {
  if (classWeights === null) return null;
  if (classWeights !== 'balanced') {
    const given = new Map(Object.entries(classWeights));
    return labels.map((label) => given.get(label) ?? 1);
  }
  const positives = labels.map((_, label) => targets.reduce((sum, row) => sum + (row[label] as number), 0));
  return task.balancedWeights(positives, targets.length);
}
