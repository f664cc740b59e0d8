import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const goldens = join(import.meta.dirname, '../../golden/checkpoints');

export interface GoldenTensor {
  readonly shape: readonly number[];
  /** As Python prints them. */
  readonly values: readonly string[];
}

export interface GoldenSummary {
  readonly shape: readonly number[];
  readonly first: readonly number[];
  readonly sum: number;
  readonly squares: number;
}

export const expected = JSON.parse(readFileSync(join(goldens, 'expected.json'), 'utf8')) as {
  readonly 'deberta-v3-tiny': Readonly<Record<string, GoldenSummary>>;
  readonly formats: Readonly<Record<string, GoldenTensor>>;
};

/** Those that only an archive of torch can hold: safetensors has no views. */
const views = ['transposed', 'slice', 'shared', 'permuted', 'parameter'];

export function goldenTensors(file: string): [string, GoldenTensor][] {
  return Object.entries(expected.formats).filter(
    ([name]) => !file.endsWith('.safetensors') || !views.includes(name),
  );
}

export function valuesOf({ values }: GoldenTensor): Float32Array {
  return Float32Array.from(values, (value) => Number(value.replace('inf', 'Infinity')));
}
