import type { ParameterMemory } from './parameter-memory.js';

/** average ← (1 − share)·average + share·weights; the gradients are void then. */
export function moveAverage(memory: ParameterMemory, share: number): void {
  for (const { kernels, state } of memory.ranges) {
    const { weights, gradients, average } = state;
    if (average === undefined) throw new RangeError('the parameter memory has no average');
    if (share === 1) {
      average.set(weights);
      continue;
    }
    gradients.set(weights);
    kernels.scale(gradients, share);
    kernels.scale(average, 1 - share);
    kernels.add(average, gradients);
  }
}
