import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  cudaBuild,
  cudaBuilds,
  cudaFolder,
  filesOf,
  locateCudaLibrary,
  type CudaBuild,
} from '../../../engine/runtime/cuda-library.js';
import { openRuntime } from '../../../engine/runtime/open.js';
import { sha256 } from '../../../store/digest.js';

const root = mkdtempSync(join(tmpdir(), 'foldwise-cuda-'));
afterAll(() => rmSync(root, { recursive: true }));

const content = { 'libonnxruntime.so.1.30.0': 'core', 'shared.so': 'bridge', 'cuda.so': 'provider' };
const [core, bridge, provider] = Object.entries(content).map(([name, text]) => ({
  name,
  sha256: sha256(text),
  bytes: text.length,
})) as [CudaBuild['core'], CudaBuild['core'], CudaBuild['core']];
const build: CudaBuild = { wheel: { ...core, name: 'a.whl' }, core, bridge, provider };

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(root, 'build-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe('the build with CUDA', () => {
  it('is pinned file by file for each platform, by 64 digits each of which stands once', () => {
    const files = Object.values(cudaBuilds).flatMap((each) => [each.wheel, ...filesOf(each)]);
    expect(files).toHaveLength(3 * 4);
    for (const file of files) expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(files.map((file) => file.sha256)).size).toBe(files.length);
    for (const { wheel } of Object.values(cudaBuilds))
      expect(wheel.name).toMatch(/^onnxruntime_gpu-1\.30\.0-cp312-cp312-\w+\.whl$/);
  });

  it('is its core, once every file is the published one', () => {
    const folder = folderOf(content);
    expect(locateCudaLibrary(folder, build)).toBe(join(folder, 'libonnxruntime.so.1.30.0'));
  });

  it.each([
    [
      'the platform has none',
      () => cudaBuild('darwin', 'arm64'),
      /no provider of it for this platform; found darwin\/arm64/,
    ],
    [
      'it has not been fetched',
      () => locateCudaLibrary(join(root, 'nowhere'), build),
      /the ONNX Runtime library is missing\. Fetch it with `foldwise devices fetch cuda`/,
    ],
    [
      'its provider has other bytes',
      () => locateCudaLibrary(folderOf({ ...content, 'cuda.so': 'changed' }), build),
      /cuda\.so: the ONNX Runtime library is not the published one; found SHA-256 [0-9a-f]{64}; expected [0-9a-f]{64}/,
    ],
    [
      'it is of another version',
      () => locateCudaLibrary(folderOf({ 'libonnxruntime.so.1.29.2': 'core' }), build),
      /another version of ONNX Runtime; found 1\.29\.2; expected 1\.30\.0\. Fetch it/,
    ],
  ])('is refused when %s', (_, locate, message) => {
    expect(locate).toThrow(message);
  });

  it('lies where FOLDWISE_CUDA says, else in the cache', () => {
    expect(cudaFolder({ FOLDWISE_CUDA: '/opt/cuda' })).toBe('/opt/cuda');
    expect(cudaFolder({ XDG_CACHE_HOME: '/cache' })).toBe(
      join('/cache', 'foldwise', 'onnxruntime-cuda-1.30.0'),
    );
    expect(cudaFolder({})).toBe(join(homedir(), '.cache', 'foldwise', 'onnxruntime-cuda-1.30.0'));
  });

  it('is not loaded beside the one of npm', () => {
    const npm = openRuntime('npm');
    expect(openRuntime()).toBe(npm);
    expect(() => openRuntime('cuda')).toThrow(
      "this process has loaded another build of it; found npm's, with WebGPU; expected the one with CUDA",
    );
  });
});
