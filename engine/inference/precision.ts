/** What the products of a model are computed in. */
export const precisions = ['float32', 'int8'] as const;

export type Precision = (typeof precisions)[number];

/** What an ensemble is handed over in: also with weights that are stored in float16, for products in float32. */
export type ExportedPrecision = Precision | 'float16';
