import type { WeightReader } from '../checkpoint/weight-reader.js';
import { familyOf } from '../models/families.js';
import type { Classifier } from '../models/family.js';
import { parametersOf } from './parameters.js';

/** The classifier of an exported model, with as many labels as its configuration names. */
export function exportedClassifier(config: Readonly<Record<string, unknown>>): Classifier {
  return familyOf(config).classifier(config, Object.keys(config['id2label'] ?? {}).length);
}

/** Reads every parameter. @returns its bytes, row-major float32, by its name */
export async function weightsInMemory(
  weights: WeightReader,
  classifier: Classifier,
): Promise<(name: string) => Uint8Array> {
  const bytes = new Map<string, Uint8Array>();
  for (const { name } of parametersOf(classifier)) {
    const { buffer, byteOffset, byteLength } = await weights.read(name);
    bytes.set(name, new Uint8Array(buffer, byteOffset, byteLength));
  }
  return (name) => bytes.get(name) as Uint8Array;
}
