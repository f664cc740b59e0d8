/** Works on what comes, at most `limit` at once. After a failure nothing more is begun, and what was begun is waited for. */
export async function eachOf<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  try {
    for await (const item of items) {
      const begun = work(item)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => underWay.delete(begun));
      underWay.add(begun);
      if (underWay.size >= limit) await Promise.race(underWay);
      if (failures.length > 0) break;
    }
  } finally {
    await Promise.all(underWay);
  }
  if (failures.length > 0) throw failures[0];
}

/** What comes, so many at a time. */
export async function* portionsOf<T>(items: AsyncIterable<T>, size: number): AsyncIterable<T[]> {
  let portion: T[] = [];
  for await (const item of items) {
    portion.push(item);
    if (portion.length < size) continue;
    yield portion;
    portion = [];
  }
  if (portion.length > 0) yield portion;
}
