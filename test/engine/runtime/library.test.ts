import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { builds, locateLibrary } from '../../../engine/runtime/library.js';
import { openRuntime } from '../../../engine/runtime/open.js';

const folder = mkdtempSync(path.join(tmpdir(), 'foldwise-library-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A package folder with the given version and, perhaps, a library file. */
function fakePackage(version: string, library?: string): string {
  const root = mkdtempSync(path.join(folder, 'package-'));
  writeFileSync(path.join(root, 'package.json'), JSON.stringify({ version }));
  if (library !== undefined) {
    const bin = path.join(root, 'bin', 'napi-v6', 'linux', 'x64');
    mkdirSync(bin, { recursive: true });
    writeFileSync(path.join(bin, 'libonnxruntime.so.1'), library);
  }
  return path.join(root, 'package.json');
}

describe('the library', () => {
  it.each(Object.keys(builds))('of %s in the package is the published one', (name) => {
    const [platform, arch] = name.split('/');
    expect(locateLibrary(platform, arch)).toContain(path.join('napi-v6', platform!, arch!));
  });

  it.each([
    [
      'the platform has none',
      () => locateLibrary('linux', 'ia32'),
      /no library for this platform; found linux\/ia32/,
    ],
    [
      'the package is of another version',
      () => locateLibrary('linux', 'x64', fakePackage('1.29.0')),
      /another version of ONNX Runtime; found 1\.29\.0; expected 1\.30\.0/,
    ],
    [
      'the file is missing',
      () => locateLibrary('linux', 'x64', fakePackage('1.30.0')),
      /the ONNX Runtime library is missing/,
    ],
    [
      'the file has other bytes',
      () => locateLibrary('linux', 'x64', fakePackage('1.30.0', 'something else')),
      /not the published one; found SHA-256/,
    ],
  ])('is refused when %s', (_, locate, message) => {
    expect(locate).toThrow(message);
  });

  it('is opened once per process', () => {
    expect(openRuntime()).toBe(openRuntime());
    expect(openRuntime().version).toBe('1.30.0');
  });
});
