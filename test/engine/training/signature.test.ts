import { describe, expect, it } from 'vitest';
import { ENGINE_VERSION, engineSignature } from '../../../engine/training/signature.js';

describe("what a checkpoint's bits depend on", () => {
  it('names the engine, the runtime, the device, the threads and the architecture', () => {
    const signature = engineSignature('1.30.0', 3);
    for (const part of [`engine ${ENGINE_VERSION}`, 'onnxruntime 1.30.0', 'cpu', '3 threads', process.arch]) {
      expect(signature).toContain(part);
    }
  });

  it.each<[string, readonly [string, number]]>([
    ['another runtime', ['1.31.0', 2]],
    ['another number of threads', ['1.30.0', 1]],
  ])('is another for %s', (_, [version, threads]) => {
    expect(engineSignature(version, threads)).not.toBe(engineSignature('1.30.0', 2));
  });

  it('is the same every time on one machine', () => {
    expect(engineSignature('1.30.0', 2)).toBe(engineSignature('1.30.0', 2));
  });
});
