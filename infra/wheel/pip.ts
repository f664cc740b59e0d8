import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment } from '../child-environment.js';
import { downloadMs } from './registry.js';
import type { Wheel } from './wheel.js';

const run = promisify(execFile);

/**
 * Lets pip fetch a wheel into a folder: it knows this user's mirrors.
 *
 * @returns its path
 * @throws Error with the reason, in one clause
 */
export async function downloadByPip(
  { project, version, name }: Wheel,
  folder: string,
  signal?: AbortSignal,
): Promise<string> {
  const download = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:'];
  const what = [...tagOptions(name), '--dest', folder, `${project}==${version}`];
  const options = { env: childEnvironment(isPipSetting), timeout: downloadMs };
  try {
    await run('python3', [...download, ...what], signal === undefined ? options : { ...options, signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(whyNot(error));
  }
  return join(folder, name);
}

/** What makes pip take the wheel of that name, whatever Python it runs on; any serves where there is one for all. */
function tagOptions(name: string): string[] {
  const [python = '', abi = '', platform = ''] = name
    .replace(/\.whl$/, '')
    .split('-')
    .slice(-3);
  const [, minor] = /^cp3(\d+)$/.exec(python) ?? [];
  if (minor === undefined) return [];
  return ['--python-version', `3.${minor}`, '--implementation', 'cp', '--abi', abi, '--platform', platform];
}

function whyNot(error: unknown): string {
  const { code, stderr } = error as { code?: unknown; stderr?: unknown };
  if (code === 'ENOENT') return 'Python is not installed';
  const said = typeof stderr === 'string' ? stderr.trim().split('\n').at(-1) : '';
  return said === '' || said === undefined ? 'it did not download it' : said.slice(0, 300);
}

/** Where its index, its proxy and its certificates are; a mirror's password may be part of it. */
function isPipSetting(name: string): boolean {
  return /^(PIP_\w+|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|XDG_CONFIG_(HOME|DIRS)|APPDATA|NETRC)$/i.test(
    name,
  );
}
