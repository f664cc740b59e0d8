import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot } from '../../store/cache-root.js';
import { RuntimeFault } from './fault.js';
import { pinnedVersion } from './library.js';
import { verifyLibrary } from './pinned-file.js';

/** The command that fetches the build with CUDA. */
export const fetchCommand = 'foldwise devices fetch cuda';

/** A file of a build, and what it must be. */
interface BuildFile {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A build of ONNX Runtime with CUDA's provider, as the wheel `onnxruntime-gpu` of the Python registry carries it. */
export interface CudaBuild {
  /** The wheel's file. */
  readonly wheel: BuildFile;
  /** The core, the provider, and the bridge between them, which the core looks for beside itself. */
  readonly core: BuildFile;
  readonly provider: BuildFile;
  readonly bridge: BuildFile;
}

export const cudaProject = 'onnxruntime-gpu';

/** The folder of the wheel that the files lie in. */
export const cudaFolderInWheel = 'onnxruntime/capi';

/**
 * The builds for CUDA 13, by `<platform>/<arch>`. The wheels for one platform differ by Python's version, and so do the
 * providers in them: those for 3.12 are pinned. No Python is needed to use them.
 */
export const cudaBuilds: Readonly<Record<string, CudaBuild>> = {
  'linux/x64': {
    wheel: wheel(
      'manylinux_2_28_x86_64',
      '6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1',
      246_685_715,
    ),
    core: {
      name: `libonnxruntime.so.${pinnedVersion}`,
      sha256: '5a140dc17c8b60b35b2ceab0bb533e65ac54f06a208948417c1f9c31df6afc4c',
      bytes: 29_062_976,
    },
    provider: {
      name: 'libonnxruntime_providers_cuda.so',
      sha256: '35da2e7ed0dd0d1aec5cdb16ce11a51d06c0c48cf62d1b1c9332946a4fae14fc',
      bytes: 272_049_904,
    },
    bridge: {
      name: 'libonnxruntime_providers_shared.so',
      sha256: '086ec1d5388f64153d9c63470d126693db9a182c8ce236d3a1119068471b8a0d',
      bytes: 14_632,
    },
  },
  'linux/arm64': {
    wheel: wheel(
      'manylinux_2_34_aarch64',
      '12af352b24145b3480794fcf327d313a240550e772a07fb182390872c1a642fc',
      205_731_632,
    ),
    core: {
      name: `libonnxruntime.so.${pinnedVersion}`,
      sha256: '149726984a7ee40190a950c7c84f588772ef9967c3443ca6485300806474a39b',
      bytes: 24_937_176,
    },
    provider: {
      name: 'libonnxruntime_providers_cuda.so',
      sha256: '243342096760142fccc0145794fd3399276dfda02de79ba085c276b57dd3f6f1',
      bytes: 228_681_488,
    },
    bridge: {
      name: 'libonnxruntime_providers_shared.so',
      sha256: '1fc9a38c51a15164ae7d126f4e89447e718e47bd0a934eaa1a86bb60a6ec4955',
      bytes: 198_792,
    },
  },
  'win32/x64': {
    wheel: wheel(
      'win_amd64',
      '882da66f936e1f560b155118c5953dc45268cd92893abb8d31a940f4d1effb36',
      160_478_594,
    ),
    core: {
      name: 'onnxruntime.dll',
      sha256: 'a473c05fb61d5ad61f91b3df8139494af5011e0951213905f9bf3e99ecb53ff4',
      bytes: 18_036_536,
    },
    provider: {
      name: 'onnxruntime_providers_cuda.dll',
      sha256: 'c09f4d3827977f202529ab9b2bcd8e477e094d85b6c472f642e7e107f6800d64',
      bytes: 184_764_256,
    },
    bridge: {
      name: 'onnxruntime_providers_shared.dll',
      sha256: '2b07e5dfa05d4428b67c62281efca8284a5cce2f47b0a6b2506321b706d3e2c3',
      bytes: 21_816,
    },
  },
};

/** The folder that holds the build: the one that FOLDWISE_CUDA names, else where it is fetched to. */
export function cudaFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env['FOLDWISE_CUDA'] || join(cacheRoot(env), `onnxruntime-cuda-${pinnedVersion}`);
}

/** @throws RuntimeFault where there is none for the platform */
export function cudaBuild(platform: string = process.platform, arch: string = process.arch): CudaBuild {
  const build = cudaBuilds[`${platform}/${arch}`];
  if (build !== undefined) return build;
  throw new RuntimeFault({
    where: 'CUDA',
    what: 'ONNX Runtime has no provider of it for this platform',
    found: `${platform}/${arch}`,
    expected: `one of ${Object.keys(cudaBuilds).join(', ')}`,
    remedy: 'Use webgpu or cpu.',
  });
}

export function filesOf({ core, provider, bridge }: CudaBuild): readonly BuildFile[] {
  return [core, bridge, provider];
}

/**
 * Path of the core library of the build with CUDA, once all its files are the published ones.
 *
 * @throws RuntimeFault where there is no build for the platform, or a file is missing, of another version or another
 */
export function locateCudaLibrary(folder: string = cudaFolder(), build: CudaBuild = cudaBuild()): string {
  const names = filesOf(build).map(({ name }) => name);
  const remedy = `Fetch it with \`${fetchCommand}\`, or let FOLDWISE_CUDA name a folder that holds ${names.join(', ')}.`;
  verifyNoOther(folder, build.core.name, remedy);
  for (const { name, sha256 } of filesOf(build)) verifyLibrary(join(folder, name), sha256, remedy);
  return join(folder, build.core.name);
}

/** The core has its version in its name where the system's libraries do. */
function verifyNoOther(folder: string, name: string, remedy: string): void {
  const others = entriesOf(folder).flatMap(
    (entry) => /^libonnxruntime\.so\.(\d+\.\d+\.\d+)$/.exec(entry)?.[1] ?? [],
  );
  const [found] = others;
  if (found === undefined || others.some((version) => name.endsWith(version))) return;
  throw new RuntimeFault({
    where: folder,
    what: 'this is another version of ONNX Runtime',
    found,
    expected: pinnedVersion,
    remedy,
  });
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function wheel(platform: string, sha256: string, bytes: number): BuildFile {
  return { name: `onnxruntime_gpu-${pinnedVersion}-cp312-cp312-${platform}.whl`, sha256, bytes };
}
