import { ensembleOf } from '../../pipeline/ensemble.js';
import { axesOf, combinationsOf } from '../../pipeline/matrix.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

const mostNamed = 6;

/**
 * The members of a matrix over more than folds in one line: how many, by which axes, the first of their names,
 * and how they are weighed where it is not alike. Null where folds are the only axis.
 */
export function memberWords(pipeline: Pick<Pipeline, 'steps' | 'ensemble'>): string | null {
  const axes = axesOf(pipeline);
  if (axes.length === 0) return null;
  const words = axes.map(({ path, values }) => `${path} × ${values.length}`);
  const ids = combinationsOf(axes).map(({ id }) => id);
  const some = ids.length > mostNamed ? [...ids.slice(0, mostNamed), '…'] : ids;
  const { method } = ensembleOf(pipeline);
  const weighed = method === 'mean' ? '' : `; weighed by ${method}`;
  return `${ids.length} members (${words.join(', ')}): ${some.join(', ')}${weighed}`;
}
