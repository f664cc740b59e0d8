import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../store/durable-file.js';
import { childEnvironment } from '../child-environment.js';
import { keepExecutable } from './executable.js';
import { buildableVersion, cacheFolder, executableName } from './release.js';

/**
 * Builds the server with Go from the sources that Go's own checksum database vouches for. Takes some
 * three minutes on two processors.
 *
 * @returns the executable's path
 * @throws Error with the reason, in one clause
 */
export async function buildServer(signal?: AbortSignal): Promise<string> {
  const parent = cacheFolder(process.env, buildableVersion);
  await makeFolder(parent);
  const folder = await mkdtemp(join(parent, 'build-'));
  try {
    await goInstall(folder, signal);
    return await keepExecutable(join(folder, executableName), buildableVersion);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function goInstall(folder: string, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const module = `github.com/temporalio/cli/cmd/temporal@v${buildableVersion}`;
    const child = spawn('go', ['install', module], {
      env: { ...childEnvironment(isCompilerSetting), GOBIN: folder },
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    });
    let tail = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-2_000)));
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(error.code === 'ENOENT' ? 'Go is not installed' : error.message)),
    );
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`go install ended with code ${code}: ${lastLine(tail)}`));
    });
  });
}

/** By whole names: GOOGLE_… and its like hold keys. */
function isCompilerSetting(name: string): boolean {
  return /^(GO(PROXY|SUMDB|NOSUMDB|NOPROXY|PRIVATE|PATH|ROOT|CACHE|MODCACHE|FLAGS|TOOLCHAIN|ENV|TMPDIR)|(HTTPS?|NO)_PROXY|SSL_CERT_(FILE|DIR)|XDG_(CACHE|CONFIG)_HOME|CC|CXX|LOCALAPPDATA|APPDATA)$/i.test(
    name,
  );
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
