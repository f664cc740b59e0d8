/** What the products of a model are computed in. */
export const precisions = ['float32', 'int8'] as const;

export type Precision = (typeof precisions)[number];
