import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { processor } from '../device.js';

/** Instruction sets by which ONNX Runtime's kernels are chosen; another one rounds differently. */
const INSTRUCTION_SETS = [
  'sse4_1',
  'avx',
  'avx2',
  'fma',
  'avx512f',
  'avx512_bf16',
  'avx_vnni',
  'amx_tile',
  'asimd',
  'asimddp',
  'i8mm',
  'bf16',
  'sve',
];

/** What decides the bits that this machine's processor gives. */
export function cpuSignature(runtimeVersion: string, threads: number): string {
  return [
    `onnxruntime ${runtimeVersion}`,
    processor,
    `${threads} threads`,
    `${process.arch} ${instructionSets()}`,
  ].join(', ');
}

/** The processor's, as Linux lists them; elsewhere its model stands for them. */
export function instructionSets(): string {
  try {
    const flags =
      /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? [];
    return INSTRUCTION_SETS.filter((name) => flags.includes(name)).join('+');
  } catch {
    return cpus()[0]?.model ?? 'unknown';
  }
}
