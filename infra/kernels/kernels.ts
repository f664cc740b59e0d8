import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openNvrtc } from './nvrtc.js';

/** Where the kernels of CUDA lie, in the sources. */
export function kernelsFolder(root: URL): string {
  return fileURLToPath(new URL('engine/device/cuda/kernels/', root));
}

/**
 * Compiles the kernels of a folder.
 *
 * @returns PTX by the names of the files that it is committed as
 * @throws EnvironmentFault where NVIDIA's compiler is not on this machine; Fault where a kernel does not compile
 */
export function compiledKernels(folder: string): ReadonlyMap<string, string> {
  const nvrtc = openNvrtc();
  const names = readdirSync(folder);
  const read = (name: string): [string, string] => [name, readFileSync(`${folder}/${name}`, 'utf8')];
  const headers = Object.fromEntries(names.filter((name) => name.endsWith('.cuh')).map(read));
  return new Map(
    names
      .filter((name) => name.endsWith('.cu'))
      .map((name) => [
        name.replace(/\.cu$/, '.ptx'),
        nvrtc.compile(name, { ...headers, ...Object.fromEntries([read(name)]) }),
      ]),
  );
}
