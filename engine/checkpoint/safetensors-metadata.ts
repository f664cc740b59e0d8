import { InputFault } from '../../errors/fault.js';
import { readSafetensorsHeader } from './safetensors-header.js';
import { openWeightFile } from './stored-tensor.js';

/** The `__metadata__` of a safetensors file. @throws InputFault where there is none, or the header is broken */
export async function readSafetensorsMetadata(path: string): Promise<Readonly<Record<string, string>>> {
  const file = await openWeightFile(path);
  try {
    const { metadata } = await readSafetensorsHeader(file);
    if (metadata !== null) return Object.fromEntries(metadata);
    throw new InputFault({ where: path, what: 'the safetensors header has no metadata' });
  } finally {
    await file.handle.close();
  }
}
