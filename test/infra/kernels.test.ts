import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compiledKernels, kernelsFolder } from '../../infra/kernels/kernels.js';
import { openNvrtc } from '../../infra/kernels/nvrtc.js';

const folder = kernelsFolder(pathToFileURL(`${process.cwd()}/`));

function nvrtcFault(): string | null {
  try {
    openNvrtc();
    return null;
  } catch (fault) {
    return (fault as Error).message;
  }
}

const missing = nvrtcFault();

describe('the kernels of CUDA', () => {
  it('are committed with what each is compiled to, in which no operation is fused with another', () => {
    const names = readdirSync(folder);
    const compiled = names.filter((name) => name.endsWith('.ptx'));
    expect(compiled).toEqual(
      names.filter((name) => name.endsWith('.cu')).map((name) => name.replace(/\.cu$/, '.ptx')),
    );
    for (const name of compiled) {
      const text = readFileSync(join(folder, name), 'utf8');
      expect(text).toContain('.version 9.0');
      expect(text).toContain('.target sm_75');
      expect(text).not.toMatch(/\b(fma|mad\.f|atom|red)\.|\.ftz|\.approx|\.local/);
    }
  });

  it.skipIf(missing !== null)(
    `are what NVIDIA’s compiler makes of their sources${missing === null ? '' : ` (skipped: ${missing})`}`,
    () => {
      for (const [name, text] of compiledKernels(folder))
        expect(text, name).toBe(readFileSync(join(folder, name), 'utf8'));
    },
  );

  it.skipIf(missing !== null)('that do not compile are told with what the compiler says', () => {
    expect(() =>
      openNvrtc().compile('odd.cu', { 'odd.cu': 'extern "C" __global__ void odd() { none; }' }),
    ).toThrow(/^odd\.cu: it does not compile; found odd\.cu\(1\): error: identifier "none" is undefined/);
  });

  it('without NVIDIA’s compiler says how it is had', () => {
    expect(() => openNvrtc('/none')).toThrow(/^NVRTC: it cannot be loaded; .*FOLDWISE_NVRTC name its folder/);
  });
});
