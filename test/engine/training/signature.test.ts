import { describe, expect, it } from 'vitest';
import { cpuSignature } from '../../../engine/device/cpu/signature.js';
import { ENGINE_VERSION, engineSignature } from '../../../engine/training/signature.js';

const signature = (version: string, threads: number): string =>
  engineSignature(cpuSignature(version, threads));

describe("what a checkpoint's bits depend on", () => {
  it('names the engine, the runtime, the device, the threads and the architecture', () => {
    const parts = [`engine ${ENGINE_VERSION}`, 'onnxruntime 1.30.0', 'cpu', '3 threads', process.arch];
    // As checkpoints of versions before have it: these are gone on from.
    expect(signature('1.30.0', 3).startsWith(parts.join(', '))).toBe(true);
  });

  it.each<[string, readonly [string, number]]>([
    ['another runtime', ['1.31.0', 2]],
    ['another number of threads', ['1.30.0', 1]],
  ])('is another for %s', (_, [version, threads]) => {
    expect(signature(version, threads)).not.toBe(signature('1.30.0', 2));
  });

  it('is the same every time on one machine', () => {
    expect(signature('1.30.0', 2)).toBe(signature('1.30.0', 2));
  });
});
