/**
 * Logarithmic bucket of a relative position (DeBERTa-v2's `make_log_bucket_position`): the distance itself
 * up to half the bucket size, then logarithmically up to `maxPosition`. Odd in δ.
 *
 * Computed in float32 as the reference does, since the ceiling makes the last bit visible.
 */
export function logBucket(distance: number, bucketSize: number, maxPosition: number): number {
  const middle = Math.floor(bucketSize / 2);
  const magnitude = Math.abs(distance);
  if (magnitude <= middle) return distance;
  const ratio = Math.fround(Math.log(Math.fround(magnitude / middle)));
  const range = Math.fround(Math.log(Math.fround((maxPosition - 1) / middle)));
  const steps = Math.fround(Math.fround(ratio / range) * (middle - 1));
  return Math.sign(distance) * (Math.ceil(steps) + middle);
}

/**
 * T5's bucket of a relative position, as MPNet has it (`relative_position_bucket`): of 32, the first half for
 * keys before the query and itself, the other for keys behind it; each holds eight distances of their own and
 * then logarithmic ones up to 128.
 *
 * Computed in float32 as the reference does, since rounding down makes the last bit visible.
 */
export function mpnetBucket(distance: number): number {
  const [half, exact, farthest] = [16, 8, 128];
  const side = distance < 0 ? half : 0;
  const magnitude = Math.abs(distance);
  if (magnitude < exact) return side + magnitude;
  const ratio = Math.fround(Math.log(magnitude / exact));
  const steps = Math.fround(Math.fround(ratio / Math.fround(Math.log(farthest / exact))) * (half - exact));
  return side + Math.min(exact + Math.trunc(steps), half - 1);
}

/** Row of the table of relative embeddings for a distance: its bucket, shifted and kept in the table. */
export function relativeRow(
  distance: number,
  options: { span: number; buckets: number; maxPosition: number },
): number {
  const { span, buckets, maxPosition } = options;
  const bucket = buckets > 0 && maxPosition > 0 ? logBucket(distance, buckets, maxPosition) : distance;
  return Math.min(Math.max(bucket + span, 0), 2 * span - 1);
}
