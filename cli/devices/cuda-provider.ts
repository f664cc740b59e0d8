import {
  cudaBuild,
  cudaFolder,
  cudaFolderInWheel,
  cudaProject,
  filesOf,
  locateCudaLibrary,
} from '../../engine/runtime/cuda-library.js';
import { pinnedVersion } from '../../engine/runtime/library.js';
import type { WheelFolder } from '../../infra/wheel/wheel-folder.js';

/** What is fetched for CUDA on this machine. @throws RuntimeFault where there is nothing for its platform */
export function cudaProvider(): WheelFolder {
  const build = cudaBuild();
  const names = filesOf(build).map(({ name }) => name);
  return {
    title: `CUDA's provider of ONNX Runtime ${pinnedVersion}`,
    wheel: { project: cudaProject, version: pinnedVersion, ...build.wheel },
    entries: filesOf(build).map((file) => ({ ...file, name: `${cudaFolderInWheel}/${file.name}` })),
    folder: cudaFolder(),
    remedy: `Let pypi.org be reached, or the index that PIP_INDEX_URL names; or copy ${names.join(', ')} from a machine that has them into a folder, and name it in FOLDWISE_CUDA.`,
  };
}

/** Whether it is there, each file with its bytes. */
export function isFetched(): boolean {
  try {
    locateCudaLibrary();
    return true;
  } catch {
    return false;
  }
}
