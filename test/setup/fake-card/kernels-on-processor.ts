import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KernelCard } from '../../../engine/device/cuda/kernels.js';
import { CudaKernels } from '../../../engine/device/cuda/kernels.js';
import { loadLibrary } from '../../../engine/runtime/native-library.js';
import { compileFakeCard, fakeLibrary, noCompiler } from './fake-card.js';

let library: string | undefined;

/** A driver whose card is the processor, for this process. */
export function driverOnProcessor(): string {
  if (library !== undefined) return library;
  const folder = mkdtempSync(join(tmpdir(), 'foldwise-kernels-'));
  library = fakeLibrary(compileFakeCard(folder, { libraries: ['cuda'] }), 'cuda');
  loadLibrary(library);
  rmSync(folder, { recursive: true });
  return library;
}

/** The kernels of CUDA for tensors of the processor's; none where there is no compiler. */
export function kernelsOnProcessor(addressOf: KernelCard['addressOf']): CudaKernels | null {
  return noCompiler === null ? new CudaKernels({ number: 0, addressOf, library: driverOnProcessor() }) : null;
}
