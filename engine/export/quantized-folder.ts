import { openModelFolder } from '../checkpoint/model-folder.js';
import { exportedClassifier, weightsInMemory } from '../inference/exported-classifier.js';
import { quantizedModel } from './onnx-export.js';

/** Where transformers.js looks for the model with `dtype: 'q8'`, within a model's folder. */
export const quantizedName = 'onnx/model_quantized.onnx';

/**
 * The model of a folder with products in 8 bits, as others run it: one file, the same for the same folder.
 *
 * @param folder as a fold exports it
 */
export async function quantizedModelOf(folder: string): Promise<Uint8Array> {
  const { config, weights } = await openModelFolder(folder);
  try {
    const classifier = exportedClassifier(config);
    return quantizedModel(classifier, await weightsInMemory(weights, classifier));
  } finally {
    await weights.close();
  }
}
