import type { Node } from './graph.js';

/** Of a stack of matrices `[heads, rows, width]` its rows in front, and back. */
export const headsFirst = [1, 0, 2] as const;
/** Of a stack of matrices each the other way round. */
export const turned = [0, 2, 1] as const;

export function transposes({ op, attributes }: Node, permutation: readonly number[]): boolean {
  return op === 'Transpose' && JSON.stringify(attributes['perm']) === JSON.stringify(permutation);
}
