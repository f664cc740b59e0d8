import { decodeElements } from '../checkpoint/element-format.js';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import { toFloat16 } from '../graph/float16.js';
import { isStoredInFloat16 } from '../quantization/float16.js';

/** The weights as they come out of a model that stores them in float16. */
export function throughFloat16(weights: WeightReader): WeightReader {
  const isRounded = (name: string): boolean => isStoredInFloat16(weights.shape(name));
  const read = async (name: string, values: Promise<Float32Array>): Promise<Float32Array> =>
    isRounded(name) ? rounded(await values) : values;
  return {
    names: () => weights.names(),
    shape: (name) => weights.shape(name),
    read: (name) => read(name, weights.read(name)),
    readRows: (name, rows) => read(name, weights.readRows(name, rows)),
    place: (name) => (isRounded(name) ? null : weights.place(name)),
    close: () => weights.close(),
  };
}

function rounded(values: Float32Array): Float32Array {
  const { buffer, byteOffset, byteLength } = toFloat16(values);
  decodeElements('F16', new Uint8Array(buffer, byteOffset, byteLength), values);
  return values;
}
