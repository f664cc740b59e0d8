import { fork, type ChildProcess } from 'node:child_process';
import { EnvironmentFault } from '../errors/fault.js';

/** The child ended without an answer: killed, out of memory, or a crash of native code. */
export class ProcessCrashed extends EnvironmentFault {}

/** What a child needs of the environment; tokens and keys stay with the worker. */
const inherited = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'TMP',
  'TEMP',
  'SystemRoot',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  'VK_ICD_FILENAMES',
  'VK_DRIVER_FILES',
];

/**
 * Starts a script of ours with an IPC channel. The channel is what ties the child to this process: the
 * child leaves when it closes.
 *
 * @param onOutput told what the child prints; by default it goes to stderr
 */
export function startChild(script: string, onOutput: (text: string) => void = printOutput): ChildProcess {
  const env = Object.fromEntries(
    inherited.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])),
  );
  const child = fork(script, [], {
    env,
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', onOutput);
  }
  return child;
}

export function crash(where: string, code: number | null, signal: NodeJS.Signals | null): ProcessCrashed {
  return new ProcessCrashed({
    where,
    what: 'its process ended before it was done',
    found: signal === null ? `exit code ${code}` : `signal ${signal}`,
    ...(signal === 'SIGKILL' ? { remedy: 'If nobody killed it, the machine may be short of memory.' } : {}),
  });
}

function printOutput(text: string): void {
  process.stderr.write(text);
}
