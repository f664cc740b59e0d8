import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { RuntimeFault } from './fault.js';
import { verifyLibrary } from './pinned-file.js';

/** The one version whose function table `api.ts` describes. */
export const pinnedVersion = '1.30.0';

interface Build {
  readonly file: string;
  readonly sha256: string;
}

/** The builds inside onnxruntime-node 1.30.0, by `<platform>/<arch>`. */
export const builds: Readonly<Record<string, Build>> = {
  'linux/x64': {
    file: 'libonnxruntime.so.1',
    sha256: 'ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23',
  },
  'linux/arm64': {
    file: 'libonnxruntime.so.1',
    sha256: '1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76',
  },
  'darwin/arm64': {
    file: 'libonnxruntime.1.30.0.dylib',
    sha256: '685d2be5dba1309c89d3a5324b7fd06a5c42f1a61bfea32d14c4cc28d072121d',
  },
  'win32/x64': {
    file: 'onnxruntime.dll',
    sha256: '508c362f5673483dd3a086379c392795b2e42d10d5e6f3f90ebd7ac21c97af67',
  },
  'win32/arm64': {
    file: 'onnxruntime.dll',
    sha256: '6c3a2abf5c6aca11c48a0d338a91af309f2266f25ce2e4084e6a87bbcb0fbfd0',
  },
};

/**
 * Path of the ONNX Runtime library that the package onnxruntime-node carries for this machine, once
 * its package version and the file's hash are the expected ones.
 * @throws RuntimeFault on another platform, version or file
 */
export function locateLibrary(
  platform: string = process.platform,
  arch: string = process.arch,
  manifest: string = createRequire(import.meta.url).resolve('onnxruntime-node/package.json'),
): string {
  const build = builds[`${platform}/${arch}`];
  if (build === undefined) {
    throw new RuntimeFault({
      where: 'onnxruntime',
      what: 'there is no library for this platform',
      found: `${platform}/${arch}`,
      expected: `one of ${Object.keys(builds).join(', ')}`,
    });
  }
  verifyVersion((JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version, manifest);
  const file = path.join(path.dirname(manifest), 'bin', 'napi-v6', platform, arch, build.file);
  verifyLibrary(file, build.sha256, 'Remove node_modules and run `npm ci`.');
  return file;
}

/** @throws RuntimeFault unless `version` is the pinned one */
export function verifyVersion(version: string, where: string): void {
  if (version === pinnedVersion) return;
  throw new RuntimeFault({
    where,
    what: 'this is another version of ONNX Runtime',
    found: version,
    expected: pinnedVersion,
    remedy: 'Run `npm ci`, which installs the pinned version.',
  });
}
