import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EnvironmentFault } from '../../errors/fault.js';
import { isExecutable } from '../../infra/cached-executable.js';
import { cacheRoot } from '../../store/cache-root.js';
import { childEnvironment } from '../../infra/child-environment.js';
import { obtainGoProgram, type GoModule } from '../../infra/go-module.js';
import { reasonOf } from '../../infra/fetch-bounded.js';
import { withLock } from '../../infra/server/lock.js';

/** Built in some three minutes. */
export const versitygw: GoModule = {
  name: 'versitygw',
  package: 'github.com/versity/versitygw/cmd/versitygw',
  version: '1.8.0',
};

/** Of the Python registry, where Python is installed. */
const motoVersion = '5.2.5';

type OnMessage = (message: string) => void;

/** S3 servers that tests and benchmarks run: each is got where it is not there, and kept for this user. */
const obtaining = {
  versitygw: (onMessage: OnMessage) => obtainGoProgram(versitygw, onMessage),
  moto: obtainMoto,
} as const;

export type ProgramName = keyof typeof obtaining;
export const programNames = Object.keys(obtaining) as ProgramName[];

/**
 * The path of a server.
 *
 * @throws EnvironmentFault where it cannot be got here
 */
export function obtainExecutable(name: ProgramName, onMessage: OnMessage): Promise<string> {
  return obtaining[name](onMessage);
}

async function obtainMoto(onMessage: OnMessage): Promise<string> {
  const folder = join(cacheRoot(), `moto-${motoVersion}`);
  const executable = join(folder, 'bin', 'moto_server');
  if (isExecutable(executable)) return executable;
  const install = async (): Promise<string> => {
    if (isExecutable(executable)) return executable;
    onMessage(`Getting moto ${motoVersion} (once; it is kept in ${folder}).`);
    await installMoto(folder).catch(async (error: unknown) => {
      await rm(folder, { recursive: true, force: true });
      throw new EnvironmentFault({
        where: `moto ${motoVersion}`,
        what: 'the S3 server could not be installed',
        found: reasonOf(error).split('\n')[0] ?? '',
        remedy: 'Install Python with its module venv, and let it reach its registry.',
      });
    });
    return executable;
  };
  return withLock(`${folder}.lock`, () => onMessage('Waiting for another process that gets moto.'), install);
}

/** An environment knows its own path: it is made in its place, and what a kill left is made anew. */
async function installMoto(folder: string): Promise<void> {
  const env = childEnvironment((name) => /^(PIP_\w+|(HTTPS?|NO)_PROXY|SSL_CERT_(FILE|DIR))$/i.test(name));
  const run = promisify(execFile);
  await rm(folder, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', folder], { env });
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    `moto[server]==${motoVersion}`,
  ];
  await run(join(folder, 'bin', 'python'), pip, { env });
}
