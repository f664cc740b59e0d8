import { existsSync } from 'node:fs';
import { join } from 'node:path';
import koffi from 'koffi';
import { EnvironmentFault, Fault } from '../../errors/fault.js';

/** The folder of the wheel `nvidia-cuda-nvrtc` that has its libraries. */
export const nvrtcVariable = 'FOLDWISE_NVRTC';

/** The release that kernels are compiled by: another one writes other text. */
const release = '13.0';

const remedy = `Unpack the wheel nvidia-cuda-nvrtc 13.0.88 of the Python registry and let ${nvrtcVariable} name its folder nvidia/cu13/lib.`;

/**
 * Each operation rounds by itself, as IEEE 754 has it. What is written is for the oldest cards that CUDA 13 knows; the
 * driver translates it for the card.
 */
const options = [
  '--gpu-architecture=compute_75',
  '--std=c++17',
  '--fmad=false',
  '--prec-div=true',
  '--prec-sqrt=true',
  '--ftz=false',
];

/** A source and what it includes, by name. */
export type Sources = Readonly<Record<string, string>>;

interface Nvrtc {
  /** Writes a source of CUDA C++ in PTX. @throws Fault with what the compiler says */
  compile(name: string, sources: Sources): string;
}

type Call = (...args: unknown[]) => number;

/** @throws EnvironmentFault where NVIDIA's compiler is not on this machine, or another one */
export function openNvrtc(folder = process.env[nvrtcVariable] ?? ''): Nvrtc {
  const call = functionsOf(folder);
  const [major, minor] = [new Int32Array(1), new Int32Array(1)];
  verify(call('nvrtcVersion', 'void *', 'void *')(major, minor), 'nvrtcVersion');
  const found = `${major[0]}.${minor[0]}`;
  if (found !== release)
    throw new EnvironmentFault({ where: 'NVRTC', what: 'another release', found, expected: release, remedy });
  return { compile: (name, sources) => compiled(call, name, sources) };
}

function functionsOf(folder: string): (symbol: string, ...args: string[]) => Call {
  try {
    // It looks for its part by name alone.
    if (existsSync(join(folder, 'libnvrtc-builtins.so.13.0')))
      koffi.load(join(folder, 'libnvrtc-builtins.so.13.0'), { lazy: true });
    const library = koffi.load(join(folder, 'libnvrtc.so.13'));
    return (symbol, ...args) => library.func(symbol, 'int', args) as Call;
  } catch (error) {
    throw new EnvironmentFault(
      {
        where: 'NVRTC',
        what: 'it cannot be loaded',
        found: error instanceof Error ? error.message : String(error),
        remedy,
      },
      { cause: error },
    );
  }
}

function compiled(
  call: (symbol: string, ...args: string[]) => Call,
  name: string,
  { [name]: source = '', ...headers }: Sources,
): string {
  const out = new BigUint64Array(1);
  const create = call('nvrtcCreateProgram', 'void *', 'str', 'str', 'int', 'str *', 'str *');
  const made = create(
    out,
    source,
    name,
    Object.keys(headers).length,
    Object.values(headers),
    Object.keys(headers),
  );
  verify(made, 'nvrtcCreateProgram');
  const program = out[0];
  try {
    const told = call('nvrtcCompileProgram', 'void *', 'int', 'str *')(program, options.length, options);
    if (told !== 0)
      throw new Fault({
        where: name,
        what: 'it does not compile',
        found: text(call, 'ProgramLog', program).trim(),
      });
    return text(call, 'PTX', program);
  } finally {
    call('nvrtcDestroyProgram', 'void *')(out);
  }
}

function text(call: (symbol: string, ...args: string[]) => Call, what: string, program: unknown): string {
  const size = new BigUint64Array(1);
  verify(call(`nvrtcGet${what}Size`, 'void *', 'void *')(program, size), what);
  const bytes = Buffer.alloc(Number(size[0]));
  verify(call(`nvrtcGet${what}`, 'void *', 'void *')(program, bytes), what);
  return bytes.toString('utf8').replace(/\0.*$/su, '');
}

function verify(told: number, call: string): void {
  if (told !== 0) throw new Fault({ where: 'NVRTC', what: `error ${told} of ${call}` });
}
