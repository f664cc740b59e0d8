import { openSafetensors, writeSafetensors } from '../checkpoint/safetensors.js';
import type { ParameterMemory } from '../optim/parameter-memory.js';
import type { CheckpointFile } from './job.js';
import type { ParameterSpec } from './model-source.js';

/**
 * The best epoch so far as a file: a copy of its weights, and its validation probabilities. Whoever keeps
 * the file flushes it.
 */
export async function writeKeptEpoch(
  path: string,
  memory: ParameterMemory,
  parameters: readonly ParameterSpec[],
  probabilities: Float32Array,
): Promise<CheckpointFile> {
  const weights = parameters.map(({ name, shape }) => ({
    name: `weights/${name}`,
    shape,
    data: memory.of(name).weights,
  }));
  const validation = { name: 'probabilities', shape: [probabilities.length], data: probabilities };
  return { path, ...(await writeSafetensors(path, [...weights, validation], {}, { flush: false })) };
}

/** Puts the kept weights back into the memory. @returns the validation probabilities, `[rows, labels]` */
export async function restoreKeptEpoch(
  path: string,
  memory: ParameterMemory,
  parameters: readonly ParameterSpec[],
): Promise<Float32Array> {
  const reader = await openSafetensors(path);
  try {
    for (const { name } of parameters) memory.of(name).weights.set(await reader.read(`weights/${name}`));
    return await reader.read('probabilities');
  } finally {
    await reader.close();
  }
}
