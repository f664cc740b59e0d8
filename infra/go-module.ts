import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EnvironmentFault } from '../errors/fault.js';
import { makeFolder } from '../store/durable-file.js';
import { cacheRoot } from '../store/cache-root.js';
import { keepExecutable } from './cached-executable.js';
import { childEnvironment } from './child-environment.js';
import { withLock } from './server/lock.js';

/** A program that Go builds from sources which its own checksum database vouches for. */
export interface GoModule {
  /** As it is called here. */
  readonly name: string;
  /** The path of its package, without the version. */
  readonly package: string;
  /** Exact, without the `v`. */
  readonly version: string;
}

/** Where a program is once it has been built. */
export function builtPath(
  { name, version }: Pick<GoModule, 'name' | 'version'>,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return join(cacheRoot(env), `${name}-${version}`, `${name}${suffix}`);
}

/** Whether it has been built before. */
export function isBuilt(module: Pick<GoModule, 'name' | 'version'>): boolean {
  try {
    accessSync(builtPath(module), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The program's path: built before, else now, which takes minutes for the larger ones. It is kept for this
 * user; of several processes that want it one builds.
 *
 * @throws EnvironmentFault where Go is not there or cannot build it; the signal's reason where that was aborted
 */
export async function obtainGoProgram(
  module: GoModule,
  onMessage: (message: string) => void = () => undefined,
  signal?: AbortSignal,
): Promise<string> {
  const target = builtPath(module);
  if (isBuilt(module)) return target;
  const { name, version } = module;
  const wait = (): void => onMessage(`Waiting for another process that builds ${name}.`);
  const build = async (): Promise<string> => {
    if (isBuilt(module)) return target;
    onMessage(`Building ${name} ${version} with Go (once; it is kept in ${dirname(target)}).`);
    return buildGoProgram(module, target, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new EnvironmentFault({
        where: `${module.package}@v${version}`,
        what: `${name} could not be built`,
        found: error instanceof Error ? error.message : String(error),
        remedy: 'Install Go, and let it reach its module proxy.',
      });
    });
  };
  return withLock(join(dirname(target), 'lock'), wait, build, signal);
}

/**
 * Builds a program and keeps it at `target`.
 *
 * @throws Error with the reason, in one clause
 */
export async function buildGoProgram(
  module: Pick<GoModule, 'package' | 'version'>,
  target: string,
  signal?: AbortSignal,
): Promise<string> {
  await makeFolder(dirname(target));
  const folder = await mkdtemp(join(dirname(target), 'build-'));
  try {
    await goInstall(`${module.package}@v${module.version}`, folder, signal);
    const [built] = await readdir(folder);
    if (built === undefined) throw new Error('go install made no program');
    return await keepExecutable(join(folder, built), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function goInstall(module: string, folder: string, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
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
