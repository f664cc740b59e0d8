import { InputFault } from '../../errors/fault.js';
import { bytesPerElement } from './element-format.js';
import { readSafetensorsHeader } from './safetensors-header.js';
import { elementCount, openWeightFile } from './stored-tensor.js';

/** Where a tensor's bytes are in a file beside an ONNX model. */
export interface ExternalTensor {
  readonly external: string;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * A safetensors file as the data of an ONNX model: where each of its tensors is.
 *
 * @param location the file's path relative to the folder of the model
 */
export async function externalWeights(
  path: string,
  location: string,
): Promise<(name: string) => ExternalTensor> {
  const file = await openWeightFile(path);
  try {
    const { tensors } = await readSafetensorsHeader(file);
    return (name) => {
      const tensor = tensors.get(name);
      if (tensor?.format === 'F32') {
        const bytes = elementCount(tensor.shape) * bytesPerElement(tensor.format);
        return { external: location, offset: tensor.position, bytes };
      }
      throw new InputFault({
        where: path,
        what: `the weights lack ${name} in float32`,
        found: tensor?.format ?? 'no such tensor',
        remedy: 'Use the folder as it was exported.',
      });
    };
  } finally {
    await file.handle.close();
  }
}
