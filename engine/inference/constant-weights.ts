import { realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Place } from '../checkpoint/stored-tensor.js';
import type { WeightReader } from '../checkpoint/weight-reader.js';
import type { Initializer } from '../graph/graph.js';

/** Weights that no longer change, so that a graph can have them as constants. */
export interface ConstantWeights {
  /** The folder of the files in which their bytes lie; absent where they are all in memory. */
  readonly folder?: string;
  /** Where a parameter's bytes are. */
  readonly data: (name: string) => Initializer['data'];
}

/**
 * The parameters of a checkpoint as constants: by their places in its files where these hold them as they are in
 * memory, else read. A file must stay as it is for as long as a session uses it; another may take its name.
 */
export async function constantWeights(
  weights: WeightReader,
  names: readonly string[],
): Promise<ConstantWeights> {
  const data = new Map<string, Initializer['data']>();
  const files = new Map<string, string>();
  let folder: string | undefined;
  for (const name of names) {
    const place = weights.place(name);
    const path = place === null ? null : await realPath(place, files);
    if (path !== null) folder ??= dirname(path);
    if (place === null || path === null || dirname(path) !== folder) {
      const { buffer, byteOffset, byteLength } = await weights.read(name);
      data.set(name, new Uint8Array(buffer, byteOffset, byteLength));
    } else data.set(name, { external: basename(path), offset: place.position, bytes: place.bytes });
  }
  const known = (name: string): Initializer['data'] => {
    const found = data.get(name);
    if (found === undefined) throw new RangeError(`no parameter ${name}`);
    return found;
  };
  return folder === undefined ? { data: known } : { folder, data: known };
}

/** ONNX Runtime reads no file that a link names. */
async function realPath({ path }: Place, known: Map<string, string>): Promise<string> {
  let real = known.get(path);
  if (real === undefined) known.set(path, (real = await realpath(path)));
  return real;
}
