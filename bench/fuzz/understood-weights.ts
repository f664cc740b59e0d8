import { createHash } from 'node:crypto';
import type { WeightReader } from '../../engine/checkpoint/weight-reader.js';

/**
 * What a file of weights was understood to hold, as a reference can say it, too: by name the shape and
 * the SHA-256 of the values, row-major little-endian float32, every NaN as 0x7fc00000.
 */
export async function readAll(
  weights: WeightReader,
): Promise<{ name: string; shape: readonly number[]; sha256: string }[]> {
  try {
    const understood = [];
    for (const name of weights.names().sort()) {
      const values = (await weights.read(name)).map((value) => (Number.isNaN(value) ? NaN : value));
      const sha256 = createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex');
      understood.push({ name, shape: weights.shape(name), sha256 });
    }
    return understood;
  } finally {
    await weights.close();
  }
}
