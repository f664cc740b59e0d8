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
    super(render(details), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.details = details;
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

function render({ where, what, expected, found, remedy }: FaultDetails): string {
  const parts = [`${where}: ${what}`];
  if (found !== undefined) parts.push(`found ${found}`);
  if (expected !== undefined) parts.push(`expected ${expected}`);
  const sentence = parts.join('; ');
  return remedy === undefined ? sentence : `${sentence}. ${remedy}`;
}
