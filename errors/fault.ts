import { capped, mostCharacters } from './capped.js';

/** The five things every foldwise error says; `remedy` is what the reader can do about it. */
export interface FaultDetails {
  /** File, row, column, step or object where it happened; never the text of a row. */
  readonly where: string;
  /** What is wrong, as one clause. */
  readonly what: string;
  readonly expected?: string;
  readonly found?: string;
  readonly remedy?: string;
}

/**
 * Base class of every error that foldwise raises on purpose.
 *
 * `retryable` says whether trying the same thing again can help: wrong input cannot be retried,
 * a full disk or an unreachable store can.
 */
export class Fault extends Error {
  readonly details: FaultDetails;
  readonly retryable: boolean;

  constructor(details: FaultDetails, options: { retryable?: boolean; cause?: unknown } = {}) {
    const bounded = boundedDetails(details);
    super(render(bounded), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.details = bounded;
    this.retryable = options.retryable ?? false;
  }
}

/** Input that a person has to change: a file, a configuration, a checkpoint. Never retried. */
export class InputFault extends Fault {}

/** Something outside that may come back: disk, store, network. Retried. */
export class EnvironmentFault extends Fault {
  constructor(details: FaultDetails, options: { cause?: unknown } = {}) {
    super(details, { ...options, retryable: true });
  }
}

/** `what` may be a list of faults, one a line. */
const mostOfWhat = 4 * mostCharacters;

function boundedDetails({ where, what, expected, found, remedy }: FaultDetails): FaultDetails {
  return {
    where: capped(where),
    what: capped(what, mostOfWhat),
    ...(expected === undefined ? {} : { expected: capped(expected) }),
    ...(found === undefined ? {} : { found: capped(found) }),
    ...(remedy === undefined ? {} : { remedy: capped(remedy) }),
  };
}

function render({ where, what, expected, found, remedy }: FaultDetails): string {
  const parts = [`${where}: ${what}`];
  if (found !== undefined) parts.push(`found ${found}`);
  if (expected !== undefined) parts.push(`expected ${expected}`);
  const sentence = parts.join('; ');
  return remedy === undefined ? sentence : `${sentence}. ${remedy}`;
}
