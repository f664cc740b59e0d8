import { eachOf } from '../store/each-of.js';

/** Maps in order, at most `limit` at once; after a failure nothing more is started. */
export async function concurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  await eachOf(items.entries(), limit, async ([place, item]) => {
    results[place] = await work(item);
  });
  return results;
}
