import { fork, type ChildProcess } from 'node:child_process';
import { EnvironmentFault, InputFault, type Fault } from '../errors/fault.js';
import { childEnvironment } from '../infra/child-environment.js';

/** The child ended without an answer: killed, out of memory, or a crash of native code. */
export class ProcessCrashed extends EnvironmentFault {}

/**
 * Starts a script of ours with an IPC channel. The channel is what ties the child to this process: the
 * child leaves when it closes.
 *
 * @param onOutput told what the child prints; by default it goes to stderr
 */
export function startChild(script: string, onOutput: (text: string) => void = printOutput): ChildProcess {
  const child = fork(script, [], {
    env: childEnvironment(),
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', onOutput);
  }
  return child;
}

/** An error event of a child: it could not be started, or the channel to it broke. */
export function startFailure(where: string, child: ChildProcess, cause: Error): EnvironmentFault {
  const what =
    child.pid === undefined ? 'its process could not be started' : 'the channel to its process broke';
  const { code } = cause as NodeJS.ErrnoException;
  return new EnvironmentFault({ where, what, ...(code === undefined ? {} : { found: code }) }, { cause });
}

/**
 * The fault of a child that ended without an answer. Its text depends on where and how it ended alone, so
 * that a crash that repeats is known by it.
 *
 * @param foreign what from outside it was busy with: unless the child was killed, that is what ended it
 */
export function crash(
  where: string,
  code: number | null,
  signal: NodeJS.Signals | null,
  foreign?: string,
): Fault {
  const found = signal === null ? `exit code ${code}` : `signal ${signal}`;
  if (foreign !== undefined && signal !== 'SIGKILL' && signal !== 'SIGTERM') {
    return new InputFault({
      where,
      what: `${foreign} ended the process that read it`,
      found,
      remedy: 'Save it anew with transformers, or use another one.',
    });
  }
  return new ProcessCrashed({
    where,
    what: 'its process ended before it was done',
    found,
    ...(signal === 'SIGKILL' ? { remedy: 'If nobody killed it, the machine may be short of memory.' } : {}),
  });
}

function printOutput(text: string): void {
  process.stderr.write(text);
}
