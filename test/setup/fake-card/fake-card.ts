import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchCommand, locateCudaLibrary } from '../../../engine/runtime/cuda-library.js';

/** The libraries of CUDA and of its driver, by what they are compiled by. */
const libraries = {
  cuda: 'libcuda.so.1',
  management: 'libnvidia-ml.so.1',
  cudart: 'libcudart.so.13',
  cublasLt: 'libcublasLt.so.13',
  cublas: 'libcublas.so.13',
  curand: 'libcurand.so.10',
  cudnn: 'libcudnn.so.9',
} as const;

export type FakeLibrary = keyof typeof libraries;

const folderOfSources = import.meta.dirname;
const kernels = join(folderOfSources, '../../../engine/device/cuda/kernels');

/** As the kernels are compiled for a card: each operation rounds by itself. */
const asWritten = [
  '-O2',
  '-std=c++17',
  '-ffp-contract=off',
  '-fno-math-errno',
  '-fno-exceptions',
  '-fno-rtti',
];

/** Why none can be compiled here; null where it can. */
export const noCompiler = compilerFault();

export interface FakeCardOptions {
  /** What the driver tells that it serves, as it counts; default 13000. */
  readonly driver?: number;
  /** Default 1. */
  readonly cards?: number;
  /** Of each. Default: A card of tests. */
  readonly name?: string;
  /** Bytes of a card, and of one allocation. Default 2³⁰. */
  readonly memory?: number;
  /** A file for lines `driver|provider <process> <card>`: which card each process uses, as either was told. */
  readonly notes?: string;
  /** A card that fails once, at such a launch of a process; with `notes`. */
  readonly failing?: { readonly card: number; readonly launch: number };
  /** Default: all. */
  readonly libraries?: readonly FakeLibrary[];
}

/**
 * Compiles libraries of CUDA that compute nothing (cuda.c), but for our kernels (kernels.cpp), into a folder.
 *
 * @returns the folder
 */
export function compileFakeCard(
  folder: string,
  {
    driver = 13_000,
    cards = 1,
    name: cardName,
    memory = 2 ** 30,
    notes,
    failing,
    libraries: wanted = Object.keys(libraries) as FakeLibrary[],
  }: FakeCardOptions = {},
): string {
  mkdirSync(folder, { recursive: true });
  const behaviour = [
    ...(notes === undefined ? [] : [`-DNOTES="${notes}"`]),
    ...(cardName === undefined ? [] : [`-DCARD_NAME="${cardName}"`]),
    ...(failing === undefined
      ? []
      : [`-DFAILING_CARD=${failing.card}`, `-DFAILING_LAUNCH=${failing.launch}`]),
  ];
  for (const library of wanted) {
    const name = libraries[library];
    const map = join(folder, `${library}.map`);
    // What is linked to a library asks for symbols of its version.
    writeFileSync(map, `${name.replaceAll('-', '_')} { global: *; };\n`);
    const defined = [
      `-DLIBRARY_${library}`,
      `-DCARDS=${cards}`,
      `-DDRIVER=${driver}`,
      `-DMEMORY=${memory}`,
      ...behaviour,
    ];
    const named = [`-Wl,-soname,${name}`, `-Wl,--version-script=${map}`];
    const objects = [compiled(folder, 'cc', 'cuda.c', defined)];
    if (library === 'cuda')
      objects.push(compiled(folder, 'c++', 'kernels.cpp', [...asWritten, `-I${kernels}`, ...behaviour]));
    execFileSync('cc', ['-shared', ...named, '-o', join(folder, name), ...objects, '-lm']);
  }
  return folder;
}

/** @returns the object */
function compiled(folder: string, compiler: string, source: string, options: readonly string[]): string {
  const object = join(folder, `${source}.o`);
  execFileSync(compiler, ['-w', '-fPIC', ...options, '-c', '-o', object, join(folderOfSources, source)]);
  return object;
}

/** The file of a library in such a folder. */
export function fakeLibrary(folder: string, library: FakeLibrary): string {
  return join(folder, libraries[library]);
}

function compilerFault(): string | null {
  if (process.platform !== 'linux') return 'only on Linux';
  try {
    // A source that does not compile is no want of a compiler.
    for (const compiler of ['cc', 'c++']) execFileSync(compiler, ['--version']);
    return null;
  } catch {
    return 'no compiler of C and C++';
  }
}

/** Why the real provider cannot start on one here; null where it can. */
export function withoutProvider(): string | null {
  if (noCompiler !== null) return noCompiler;
  try {
    locateCudaLibrary();
    return null;
  } catch {
    return `\`${fetchCommand}\` has not been called`;
  }
}
