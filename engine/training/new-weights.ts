import { normal, uniform, type PhiloxKey } from '../kernels/philox.js';
import type { Initial } from '../nn/scope.js';

/** Words 3 of Philox's counter for new weights; dropout is 0, the order of the data 1. */
const INITIAL = 2;

/**
 * A parameter as it begins (nn/scope.ts).
 *
 * @param draw words 1 and 2 of Philox's counter: which of the parameters it is, of which kind
 */
export function newWeights(
  { shape, initial }: { readonly shape: readonly number[]; readonly initial: Initial },
  initializerRange: number,
  key: PhiloxKey,
  [place, kind]: readonly [place: number, kind: number],
): Float32Array {
  const count = shape.reduce((product, dim) => product * dim, 1);
  switch (initial) {
    case 'zeros':
      return new Float32Array(count);
    case 'ones':
      return new Float32Array(count).fill(1);
    case 'normal':
      return Float32Array.from(
        normal(count, key, [place, kind, INITIAL]),
        (value) => value * initializerRange,
      );
    case 'uniform': {
      const bound = 1 / Math.sqrt(shape[1] as number);
      return Float32Array.from(
        uniform(count, key, [place, kind, INITIAL]),
        (value) => (2 * value - 1) * bound,
      );
    }
  }
}
