import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import { openModelFolder } from '../checkpoint/model-folder.js';
import { float16Overflow, toFloat16 } from '../graph/float16.js';
import type { Initializer } from '../graph/graph.js';
import { exportedClassifier } from '../inference/exported-classifier.js';
import { parametersOf } from '../inference/parameters.js';
import { isStoredInFloat16 } from '../quantization/float16.js';
import { float16Model } from './onnx-export.js';

/** Where transformers.js looks for the model with `dtype: 'fp16'`, and for its data, within a model's folder. */
export const float16Name = 'onnx/model_fp16.onnx';
export const float16DataName = `${float16Name}_data`;

/** Of places in the file of data: a line of a processor's cache, and a multiple of any element. */
const ALIGNMENT = 64;

/**
 * The model of a folder with its weights in float16, as others run it: the same for the same folder.
 *
 * @param folder as a fold exports it
 * @param data path of the file to write the weights to, which lies beside the model
 * @returns the model
 * @throws InputFault for a weight that is larger than any float16
 */
export async function float16ModelOf(folder: string, data: string): Promise<Uint8Array> {
  const { config, weights } = await openModelFolder(folder);
  try {
    const classifier = exportedClassifier(config);
    const places = new Map<string, Initializer['data']>();
    const stored = new Set<string>();
    const file = await open(data, 'wx');
    try {
      let end = 0;
      for (const { name, shape } of parametersOf(classifier)) {
        const values = await weights.read(name);
        if (!isStoredInFloat16(shape)) {
          places.set(name, bytesOf(values));
          continue;
        }
        requireFloat16(values, name, folder);
        const bytes = bytesOf(toFloat16(values));
        const padding = -end & (ALIGNMENT - 1);
        await file.writeFile(new Uint8Array(padding));
        await file.writeFile(bytes);
        const offset = end + padding;
        places.set(name, { external: basename(data), offset, bytes: bytes.byteLength });
        stored.add(name);
        end = offset + bytes.byteLength;
      }
    } finally {
      await file.close();
    }
    return float16Model(classifier, (name) => places.get(name) as Initializer['data'], stored);
  } finally {
    await weights.close();
  }
}

function requireFloat16(values: Float32Array, name: string, folder: string): void {
  const beyond = values.find((value) => Number.isFinite(value) && Math.abs(value) >= float16Overflow);
  if (beyond === undefined) return;
  throw new InputFault({
    where: folder,
    what: `its weight ${name} does not go into float16`,
    found: String(beyond),
    expected: 'nothing beyond ±65504',
    remedy: 'Export without --float16.',
  });
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
