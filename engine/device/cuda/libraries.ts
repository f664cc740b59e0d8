import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentFault } from '../../../errors/fault.js';
import { cudaFolder } from '../../runtime/cuda-library.js';
import { loadLibrary } from '../../runtime/native-library.js';

/** A library of CUDA that the provider needs. */
interface CudaLibrary {
  readonly file: string;
  /** The package of the Python registry that has it. */
  readonly wheel: string;
  /** The function that tells its version. */
  readonly version?: { readonly title: string; readonly symbol: string };
}

/**
 * What the provider names as needed, in the order in which they need each other, and cuDNN, which it looks for as it
 * starts: sums over axes are its, since those of the provider's own are not repeatable.
 */
const linux: readonly CudaLibrary[] = [
  { file: 'libcudart.so.13', wheel: 'nvidia-cuda-runtime' },
  {
    file: 'libcublasLt.so.13',
    wheel: 'nvidia-cublas',
    version: { title: 'cuBLAS', symbol: 'cublasLtGetVersion' },
  },
  { file: 'libcublas.so.13', wheel: 'nvidia-cublas' },
  { file: 'libcurand.so.10', wheel: 'nvidia-curand' },
  {
    file: 'libcudnn.so.9',
    wheel: 'nvidia-cudnn-cu13',
    version: { title: 'cuDNN', symbol: 'cudnnGetVersion' },
  },
];

const windows: readonly CudaLibrary[] = [
  {
    file: 'cublasLt64_13.dll',
    wheel: 'nvidia-cublas',
    version: { title: 'cuBLAS', symbol: 'cublasLtGetVersion' },
  },
  { file: 'cublas64_13.dll', wheel: 'nvidia-cublas' },
  {
    file: 'cudnn64_9.dll',
    wheel: 'nvidia-cudnn-cu13',
    version: { title: 'cuDNN', symbol: 'cudnnGetVersion' },
  },
];

export function neededLibraries(platform: string = process.platform): readonly CudaLibrary[] {
  return platform === 'win32' ? windows : linux;
}

/** Folders that are looked into after the system's loader: beside the provider, and where CUDA is installed. */
export function libraryFolders(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const roots = [env['CUDA_HOME'], env['CUDA_PATH'], '/usr/local/cuda', '/usr/local/cuda-13'];
  const installed = roots.flatMap((root) =>
    root ? [join(root, 'lib64'), join(root, 'lib'), join(root, 'bin')] : [],
  );
  return [cudaFolder(env), ...installed];
}

/**
 * Loads what the provider needs of CUDA, so that it finds it.
 *
 * @returns the versions of what computes, as in `cuBLAS 130000`
 * @throws EnvironmentFault that names all that is missing
 */
export function loadLibraries(
  needed: readonly CudaLibrary[] = neededLibraries(),
  folders: readonly string[] = libraryFolders(),
): readonly string[] {
  const versions: string[] = [];
  const missing: CudaLibrary[] = [];
  let why = '';
  for (const library of needed) {
    try {
      const loaded = loadFrom(library.file, folders);
      if (library.version === undefined) continue;
      const { title, symbol } = library.version;
      versions.push(`${title} ${String(loaded.func(symbol, 'size_t', [])())}`);
    } catch (error) {
      missing.push(library);
      why ||= error instanceof Error ? error.message : String(error);
    }
  }
  if (missing.length === 0) return versions;
  const wheels = [...new Set(missing.map(({ wheel }) => wheel))].join(', ');
  throw new EnvironmentFault({
    where: 'CUDA 13',
    what: `${missing.map(({ file }) => file).join(', ')} cannot be loaded`,
    found: why,
    remedy: `Install CUDA 13 and cuDNN 9 from NVIDIA's packages, or the wheels ${wheels} of the Python registry with LD_LIBRARY_PATH at their lib folders.`,
  });
}

function loadFrom(file: string, folders: readonly string[]) {
  try {
    return loadLibrary(file);
  } catch (error) {
    const found = folders.map((folder) => join(folder, file)).find(existsSync);
    if (found === undefined) throw error;
    return loadLibrary(found);
  }
}
