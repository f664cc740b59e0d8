import { fork, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { EnvironmentFault, InputFault, type Fault } from '../errors/fault.js';
import { inWords } from '../errors/system-codes.js';
import { childEnvironment } from '../infra/child-environment.js';
import { currentFacts, type ActivityFacts } from './activity-facts.js';
import { remember, type ChildKind } from './children.js';

/** The child ended without an answer: killed, out of memory, or a crash of native code. */
export class ProcessCrashed extends EnvironmentFault {}

/** Told each line that a child prints, and the activity that the child works for. */
export type OutputListener = (line: string, facts: ActivityFacts) => void;

export interface ChildOptions {
  readonly script: string;
  readonly kind: ChildKind;
  /** By default what the child prints goes to stderr. */
  readonly onOutput?: OutputListener | undefined;
  /** Variables of the child alone. */
  readonly variables?: Readonly<Record<string, string>>;
}

/**
 * Starts a script of ours with an IPC channel. The channel is what ties the child to this process: the
 * child leaves when it closes.
 */
export function startChild({ script, kind, onOutput = printOutput, variables }: ChildOptions): ChildProcess {
  const child = fork(script, [], {
    env: { ...childEnvironment(), ...variables },
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  remember(child, kind);
  const facts = currentFacts();
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null) eachLine(stream, (line) => onOutput(line, facts));
  return child;
}

/** What comes without an end of a line is told in pieces of this length: native code may print anything. */
const longestLine = 8_000;

function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    if (rest.length < longestLine) return;
    onLine(rest);
    rest = '';
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}

/** An error event of a child: it could not be started, or the channel to it broke. */
export function startFailure(where: string, child: ChildProcess, cause: Error): EnvironmentFault {
  const what =
    child.pid === undefined ? 'its process could not be started' : 'the channel to its process broke';
  const { code } = cause as NodeJS.ErrnoException;
  return new EnvironmentFault(
    { where, what, ...(code === undefined ? {} : { found: inWords(code) }) },
    { cause },
  );
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

function printOutput(line: string): void {
  process.stderr.write(`${line}\n`);
}
