import { Fault } from '../errors/fault.js';
import { exitCodes } from './exit-codes.js';
import { explain } from './foreign-failure.js';
import { renderEntry } from './host/log-format.js';
import { oneLine } from './terminal/layout.js';

/** A command that ends with a message and an exit code of its own, its work being told already. */
export class CommandFailure extends Error {
  constructor(
    message: string,
    readonly exitCode: number = exitCodes.failed,
  ) {
    super(message);
    this.name = 'CommandFailure';
  }
}

/** A command that was asked to stop and did: nothing went wrong. */
export class Interrupted extends CommandFailure {
  constructor(message: string) {
    super(message, exitCodes.interrupted);
  }
}

/** What a person reads of an error: one message, causes joined; the stack only with `debug`. */
export function renderFailure(error: unknown, { debug }: { readonly debug: boolean }): string {
  if (!(error instanceof Error)) return `error: ${oneLine(String(error))}`;
  if (error instanceof Interrupted) return error.message;
  if (debug) return stackOf(error);
  // Such a message may have several lines, as one for each thing that is wrong.
  if (error instanceof Fault || error instanceof CommandFailure)
    return `error: ${error.message.split('\n').map(cleanLine).join('\n')}`;
  for (const each of chain(error)) {
    const explained = explain(each);
    if (explained !== null) return `error: ${oneLine(explained)}`;
  }
  const messages = chain(error).map(({ message }) => oneLine(message));
  const distinct = messages.filter((message, i) => message !== '' && messages.indexOf(message) === i);
  return `error: not foreseen: ${distinct.join(': ') || error.name} (--debug shows where)`;
}

/** What a command says last, as the arguments ask for it: where its log is JSON, as a line of it. */
export function lastLine(args: readonly string[], error: unknown): string {
  const message = renderFailure(error, { debug: args.includes('--debug') });
  const format = args.some((arg, i) => `${args[i - 1]}=${arg}` === jsonLog || arg === jsonLog);
  if (!format) return message;
  const level = error instanceof Interrupted ? 'INFO' : 'ERROR';
  return renderEntry({ time: new Date(), level, message, facts: {} }, 'json');
}

const jsonLog = '--log-format=json';

/** What the error asks for, or `failed`. */
export function exitCode(error: unknown): number {
  return error instanceof CommandFailure ? error.exitCode : exitCodes.failed;
}

/** The error and its causes, the outermost first. */
function chain(error: Error): Error[] {
  const errors: Error[] = [];
  for (let at: unknown = error; at instanceof Error && errors.length < 8; at = at.cause) errors.push(at);
  return errors;
}

function stackOf(error: Error): string {
  return chain(error)
    .map((each, i) => `${i === 0 ? '' : 'caused by '}${each.stack ?? each.message}`)
    .join('\n');
}

/** The line without control characters, its indentation kept. */
function cleanLine(line: string): string {
  return (/^ */.exec(line)?.[0] ?? '') + oneLine(line);
}
