/** The largest value up to `limit` that fits; 0 where none does. */
export function mostFitting(limit: number, fits: (value: number) => boolean): number {
  return fits(limit) ? limit : below(limit, fits);
}

/** The largest value below `limit` that fits; 0 where none does. */
export function below(limit: number, fits: (value: number) => boolean): number {
  let [low, high] = [0, limit];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
