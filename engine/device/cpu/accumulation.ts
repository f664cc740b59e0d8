import type { ParameterArrays, ParameterMemory } from './parameter-memory.js';

/** Holds the gradients of a step so far, so that those of further batches are added to them. */
export function holdGradients(memory: ParameterMemory): void {
  for (const { state } of memory.ranges) sumsOf(state).set(state.gradients);
}

/**
 * Adds the gradients of one batch of a step to those of the batches before it, in their order. After the last one
 * the gradients are those of the step.
 *
 * @param share of the step's texts that the batch has
 */
export function addGradients(
  memory: ParameterMemory,
  share: number,
  { isFirst, isLast }: { readonly isFirst: boolean; readonly isLast: boolean },
): void {
  for (const { kernels, state } of memory.ranges) {
    const { gradients } = state;
    const sums = sumsOf(state);
    kernels.scale(gradients, share);
    if (isFirst) sums.set(gradients);
    else if (isLast) kernels.add(gradients, sums);
    else kernels.add(sums, gradients);
  }
}

function sumsOf({ sums }: ParameterArrays): Float32Array {
  if (sums === undefined) throw new RangeError('the parameter memory has no room for sums');
  return sums;
}
