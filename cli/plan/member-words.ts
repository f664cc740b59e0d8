import { axesOf, combinationsOf } from '../../pipeline/matrix.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

const mostNamed = 6;

/**
 * The members of a matrix over more than folds in one line: how many, by which axes, and the first of their
 * names. Null where folds are the only axis.
 */
export function memberWords(pipeline: Pick<Pipeline, 'steps'>): string | null {
  const axes = axesOf(pipeline);
  if (axes.length === 0) return null;
  const words = axes.map(({ path, values }) => `${path} × ${values.length}`);
  const ids = combinationsOf(axes).map(({ id }) => id);
  const some = ids.length > mostNamed ? [...ids.slice(0, mostNamed), '…'] : ids;
  return `${ids.length} members (${words.join(', ')}): ${some.join(', ')}`;
}
