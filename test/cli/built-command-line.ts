import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findServer } from '../../infra/server/find.js';

const main = join(process.cwd(), 'dist/cli/main.js');

/** Whether `npm run build` has been run. */
export const built = existsSync(main);
export const withoutBuild = built ? '' : ' (skipped: `npm run build` has not been run)';

const server = findServer();
/** Whether whole runs can be made: the build, and a Temporal server for it. */
export const canRun = built && server !== null;
export const withoutRuns = canRun ? '' : ' (skipped: no build, or no Temporal server is installed)';

/** The executable of Temporal's command line; only where `canRun`. */
export function temporal(): string {
  if (server === null) throw new Error('no Temporal server is installed');
  return server.path;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the built command line in a process of its own. `env` is added to this process's. */
export function foldwise(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return ended(process.execPath, [main, ...args], env);
}

/** Runs a program to its end. */
export function ended(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

/** A `foldwise dev` on a workdir, ready for runs. */
export interface DevHost {
  readonly address: string;
  stop(): Promise<void>;
}

export async function startDev(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<DevHost> {
  const child = spawn(process.execPath, [main, 'dev', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const said = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.once('exit', () => reject(new Error(`foldwise dev ended: ${text}`)));
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (text.includes('Ctrl-C')) resolve(text);
    });
  });
  const address = /^Temporal server +(\S+)$/m.exec(said)?.[1] ?? '';
  return {
    address,
    stop: async () => {
      child.kill('SIGTERM');
      await exit;
    },
  };
}
