import { openSafetensors, writeSafetensors } from '../checkpoint/safetensors.js';
import type { HashedFile } from './job.js';
import type { Trainer } from './trainer.js';

/**
 * The best epoch so far as a file: a copy of the weights that were judged, of those that are trained, and its
 * validation probabilities. Whoever keeps the file flushes it.
 */
export async function writeKeptEpoch(
  path: string,
  trainer: Trainer,
  probabilities: Float32Array,
): Promise<HashedFile> {
  const { state, trained } = trainer;
  const weights = trained.map(({ name, shape }) => ({
    name: `weights/${name}`,
    shape,
    data: () => state.read(trainer.judged(name), name),
  }));
  const validation = { name: 'probabilities', shape: [probabilities.length], data: probabilities };
  const write = () => writeSafetensors(path, [...weights, validation], {}, { flush: false });
  return { path, ...(await state.snapshot(write)) };
}

/** Puts the kept weights back into the training. @returns the validation probabilities, `[rows, labels]` */
export async function restoreKeptEpoch(path: string, trainer: Trainer): Promise<Float32Array> {
  const reader = await openSafetensors(path);
  try {
    for (const { name } of trainer.trained)
      await trainer.state.write('weights', name, await reader.read(`weights/${name}`));
    return await reader.read('probabilities');
  } finally {
    await reader.close();
  }
}

/** Puts the weights that are judged now into the training, as they would be put back from a file. */
export async function takeJudged(trainer: Trainer): Promise<void> {
  const { state } = trainer;
  for (const { name } of trainer.trained) {
    const array = trainer.judged(name);
    if (array !== 'weights') await state.write('weights', name, await state.read(array, name));
  }
}
