import type { PerturbationSettings } from '../../optim/perturbation.js';
import type { ParameterMemory } from './parameter-memory.js';

/**
 * Makes the perturbed copies from weights and gradients, which stay as they are:
 * w + ε·g/‖g‖, or w + r, no entry of r beyond ±ε·|w|, with r = rate·‖w‖·g/‖g‖.
 */
export function perturb(
  memory: ParameterMemory,
  names: Iterable<string>,
  { fgm, awp }: PerturbationSettings,
): void {
  for (const name of names) {
    const { kernels, weights, gradients, perturbed } = memory.of(name);
    if (perturbed === undefined)
      throw new RangeError(`the parameter memory has no perturbed copy of '${name}'`);
    const norm = (view: Float32Array): number => Math.sqrt(kernels.sumOfSquares(view));
    const steepness = norm(gradients);
    const length = awp === null ? fgm : awp.rate * norm(weights);
    perturbed.set(gradients);
    kernels.scale(perturbed, steepness === 0 ? 0 : length / steepness);
    if (awp !== null) kernels.bound(perturbed, weights, awp.epsilon);
    kernels.add(perturbed, weights);
  }
}
