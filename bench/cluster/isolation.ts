import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Set for the process that runs inside: the folder that the one that was called has made for it. */
const mark = 'FOLDWISE_CLUSTER_INSIDE';

/**
 * A network, mounts and process numbers of one's own. Whatever is made and started in them is gone with
 * the process, however it ends: the kernel clears it away.
 */
const own = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** The folder of this process where it runs inside; null where it is the one that was called. */
export function isolatedFolder(): string | null {
  return process.env[mark] ?? null;
}

/** `unshare` with what this user needs to make namespaces; null where the machine allows none. */
export function unshareArguments(): readonly string[] | null {
  if (process.platform !== 'linux') return null;
  for (const also of [[], ['--user', '--map-root-user']]) {
    const args = [...also, ...own];
    const tried = spawnSync('unshare', [...args, 'sh', '-c', tryNetwork], { stdio: 'ignore' });
    if (tried.status === 0) return args;
  }
  return null;
}

const tryNetwork =
  'mount -t tmpfs none /run && mkdir /run/netns && ip netns add host1 && ip link add hub type bridge && ip link add to-host1 type veth peer name eth0 netns host1';

/** Runs this same command isolated. @returns its exit code; null where it was ended by a signal to this process */
export function runIsolated(args: readonly string[], folder: string): Promise<number | null> {
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  return new Promise((resolve, reject) => {
    // The kernel ends it where this process is killed.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...args, ...command], {
      env: { ...process.env, [mark]: folder },
      stdio: 'inherit',
    });
    let interrupted = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        interrupted = true;
        child.kill('SIGKILL');
      });
    child.once('error', reject);
    child.once('close', (code) => resolve(interrupted ? null : (code ?? 1)));
  });
}

/** Runs a small command of the system; throws with what it said. */
export function system(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

/** Makes the namespaces of this process usable: a loopback, and the folder in which `ip netns` keeps names. */
export function prepareNamespaces(): void {
  system('ip', 'link', 'set', 'lo', 'up');
  system('mount', '-t', 'tmpfs', 'none', '/run');
  mkdirSync('/run/netns');
}
