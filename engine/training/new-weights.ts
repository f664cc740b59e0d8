import type { ParameterSpec } from '../inference/parameters.js';
import { normal, uniform, type PhiloxCounter, type PhiloxKey } from '../kernels/philox.js';
import { newWeightDraws, type WeightKind } from '../kernels/random-draws.js';
import { Depths } from '../nn/depths.js';

/**
 * Parameters as they begin (nn/scope.ts). Each has draws of its own, by its number among the parameters from the
 * embeddings up.
 *
 * @param parameters all of a kind
 * @param initializerRange the standard deviation of normal ones
 * @returns by name; a RangeError is thrown where there is none of it
 */
export function newWeights(
  kind: WeightKind,
  parameters: readonly Omit<ParameterSpec, 'role'>[],
  initializerRange: number,
  key: PhiloxKey,
): (name: string) => Float32Array {
  const inOrder = new Depths(parameters).fromBelow(parameters);
  const numbers = new Map(inOrder.map(({ name }, number) => [name, number]));
  return (name) => {
    const number = numbers.get(name);
    if (number === undefined) throw new RangeError(`no parameter '${name}'`);
    return begun(inOrder[number] as ParameterSpec, initializerRange, key, newWeightDraws(kind, number));
  };
}

function begun(
  { shape, initial }: Pick<ParameterSpec, 'shape' | 'initial'>,
  initializerRange: number,
  key: PhiloxKey,
  counter: PhiloxCounter,
): Float32Array {
  const count = shape.reduce((product, dim) => product * dim, 1);
  switch (initial) {
    case 'zeros':
      return new Float32Array(count);
    case 'ones':
      return new Float32Array(count).fill(1);
    case 'normal':
      return narrowed(normal(count, key, counter), (value) => value * initializerRange);
    case 'uniform': {
      const bound = 1 / Math.sqrt(shape[1] as number);
      return narrowed(uniform(count, key, counter), (value) => (2 * value - 1) * bound);
    }
  }
}

/** A loop: `Float32Array.from` makes a list of the values first, which takes several times as long as drawing them. */
function narrowed(values: Float64Array, change: (value: number) => number): Float32Array {
  const narrow = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) narrow[i] = change(values[i]!);
  return narrow;
}
