import type { LibraryHandle } from 'koffi';
import { EnvironmentFault } from '../../../errors/fault.js';
import type { CardFacts } from '../device.js';
import { loadLibrary } from '../../runtime/native-library.js';

/** NVIDIA's driver as the system's loader knows it, and what tells its release; the reference is cuda.h. */
export const driverLibraries: Readonly<
  Record<string, { readonly driver: string; readonly management: string }>
> = {
  linux: { driver: 'libcuda.so.1', management: 'libnvidia-ml.so.1' },
  win32: { driver: 'nvcuda.dll', management: 'nvml.dll' },
};

/** The CUDA that the provider is built for, as the driver counts: 1000 · major + 10 · minor. */
const leastVersion = 13_000;

/** As messages name it, and how one is had. */
export const driverTitle = "NVIDIA's driver";
export const driverRemedy = 'Install a driver of release 580 or later; docs/devices.md says how.';

/** `CUdevice_attribute`. */
const attribute = { major: 75, minor: 76 } as const;
const nameBytes = 256;

/** What CUDA reaches on this machine. */
export interface CudaDriver {
  /** The newest CUDA that it serves, as in `13.0`. */
  readonly cuda: string;
  /** In CUDA's numbers. */
  readonly cards: readonly CudaCard[];
}

export interface CudaCard extends CardFacts {
  /** What kernels are chosen by, as in `9.0`. */
  readonly capability: string;
}

/**
 * Asks the driver for the cards.
 *
 * @throws EnvironmentFault where there is none, or one that is too old for the provider
 */
export function openDriver(names = driverLibraries[process.platform]): CudaDriver {
  const driver = driverFunctions(boundTo, names?.driver);
  const version = number((out) => driver.version(out), 'cuDriverGetVersion');
  if (version < leastVersion)
    throw new EnvironmentFault({
      where: driverTitle,
      what: 'it is too old for the provider',
      found: `one that serves CUDA ${versionText(version)} at most`,
      expected: `one that serves CUDA ${versionText(leastVersion)}`,
      remedy: driverRemedy,
    });
  const told = driver.start(0);
  // CUDA_ERROR_NO_DEVICE
  if (told === 100) return { cuda: versionText(version), cards: [] };
  verify(told, 'cuInit');
  const release = releaseOf(names?.management);
  const count = number((out) => driver.count(out), 'cuDeviceGetCount');
  const cards = Array.from({ length: count }, (_, card) =>
    factsOf(driver, card, `driver ${release ?? `of CUDA ${versionText(version)}`}`),
  );
  return { cuda: versionText(version), cards };
}

function factsOf(driver: Driver, card: number, release: string): CudaCard {
  const device = number((out) => driver.device(out, card), 'cuDeviceGet');
  const name = Buffer.alloc(nameBytes);
  verify(driver.name(name, nameBytes, device), 'cuDeviceGetName');
  const memory = new BigUint64Array(1);
  verify(driver.memory(memory, device), 'cuDeviceTotalMem');
  const [major, minor] = [attribute.major, attribute.minor].map((which) =>
    number((out) => driver.attribute(out, which, device), 'cuDeviceGetAttribute'),
  );
  return {
    name: textIn(name),
    id: null,
    driver: release,
    memoryBytes: Number(memory[0]),
    isSoftware: false,
    capability: `${major}.${minor}`,
  };
}

/** Null where the driver does not tell it. */
function releaseOf(library: string | undefined): string | null {
  try {
    const management = loadLibrary(library ?? '');
    if (management.func('nvmlInit_v2', 'int', [])() !== 0) return null;
    const text = Buffer.alloc(nameBytes);
    const ask = management.func('nvmlSystemGetDriverVersion', 'int', ['void *', 'uint32_t']);
    return ask(text, nameBytes) === 0 ? textIn(text) : null;
  } catch {
    return null;
  }
}

interface Driver {
  start(flags: number): number;
  version(out: Int32Array): number;
  count(out: Int32Array): number;
  device(out: Int32Array, card: number): number;
  name(out: Buffer, bytes: number, device: number): number;
  memory(out: BigUint64Array, device: number): number;
  attribute(out: Int32Array, which: number, device: number): number;
}

/** A function of the driver's, which answers with an error's number, 0 where there is none. */
export type DriverFunction = (...args: readonly unknown[]) => number;

/** Finds a function by its name and the types of its arguments. */
export type Bind = (symbol: string, args: string[]) => DriverFunction;

/**
 * Functions of the driver.
 *
 * @param bound takes what it needs of them
 * @throws EnvironmentFault where there is no driver, or one that lacks a function
 */
export function driverFunctions<T>(
  bound: (bind: Bind) => T,
  name = (driverLibraries[process.platform] ?? driverLibraries['linux']!).driver,
): T {
  let library: LibraryHandle;
  try {
    library = loadLibrary(name);
  } catch (error) {
    throw new EnvironmentFault({
      where: driverTitle,
      what: 'there is none on this machine, or not for this process',
      found: error instanceof Error ? error.message : String(error),
      expected: name,
      remedy: `${driverRemedy} In a container, let it have the cards (\`docker run --gpus all\`).`,
    });
  }
  try {
    return bound((symbol, args) => library.func(symbol, 'int', args) as DriverFunction);
  } catch (error) {
    throw new EnvironmentFault({
      where: driverTitle,
      what: 'its library lacks a function',
      found: error instanceof Error ? error.message : String(error),
      expected: name,
      remedy: driverRemedy,
    });
  }
}

function boundTo(bound: Bind): Driver {
  return {
    start: bound('cuInit', ['uint32_t']),
    version: bound('cuDriverGetVersion', ['void *']),
    count: bound('cuDeviceGetCount', ['void *']),
    device: bound('cuDeviceGet', ['void *', 'int']),
    name: bound('cuDeviceGetName', ['void *', 'int', 'int']),
    memory: bound('cuDeviceTotalMem_v2', ['void *', 'int']),
    attribute: bound('cuDeviceGetAttribute', ['void *', 'int', 'int']),
  };
}

function number(ask: (out: Int32Array) => number, call: string): number {
  const out = new Int32Array(1);
  verify(ask(out), call);
  return out[0]!;
}

function verify(told: number, call: string): void {
  if (told === 0) return;
  throw new EnvironmentFault({
    where: driverTitle,
    what: 'it does not start',
    found: `error ${told} of ${call}`,
    remedy: 'Let `nvidia-smi` say what is wrong; a driver that was just updated wants a restart.',
  });
}

function versionText(version: number): string {
  return `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
}

function textIn(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/\0.*$/su, '');
}
