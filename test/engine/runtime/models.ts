import { readFileSync } from 'node:fs';
import type { ElementArray, ElementType } from '../../../engine/runtime/runtime.js';

interface Input {
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** What generate.py says of its models: inputs with the shapes to feed, outputs by name. */
export const models = (
  JSON.parse(readFileSync(new URL('../../golden/runtime/models.json', import.meta.url), 'utf8')) as {
    models: Record<string, { inputs: Record<string, Input>; outputs: string[] }>;
  }
).models;

export function modelBytes(name: string): Uint8Array {
  return readFileSync(new URL(`../../golden/runtime/${name}.onnx`, import.meta.url));
}

/** Distinct, reproducible values; integers stay small enough to serve as indices and bounds. */
export function sampleArray({ type, shape }: Input, seed: number): ElementArray {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const integer = (i: number) => (seed + i) % 3;
  switch (type) {
    case 'float32':
      return Float32Array.from({ length: count }, (_, i) => Math.sin(1 + seed * 7 + i * 1.3) * 2);
    case 'int64':
      return BigInt64Array.from({ length: count }, (_, i) => BigInt(integer(i)));
    case 'int32':
      return Int32Array.from({ length: count }, (_, i) => integer(i) - 1);
    case 'bool':
      return Uint8Array.from({ length: count }, (_, i) => i % 2);
    case 'float16':
      return Uint16Array.from({ length: count }, (_, i) => 0x3c00 + i);
  }
}
