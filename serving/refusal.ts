import { Fault, type FaultDetails } from '../errors/fault.js';

interface RefusalOptions {
  /** Headers of the answer, as Retry-After. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A request that is not answered as it asks, and the status that says so. */
export class Refusal extends Fault {
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly status: number,
    details: FaultDetails,
    { headers = {}, ...options }: RefusalOptions = {},
  ) {
    super(details, { ...options, retryable: 'Retry-After' in headers });
    this.headers = headers;
  }
}

export const requestBody = 'the body of the request';

const soon = { 'Retry-After': '1' };

/** Too much at once: the same may be taken in a moment. */
export function overloaded(what: string, found: string, expected: string): Refusal {
  const remedy = 'Send it again after the seconds of Retry-After.';
  return new Refusal(429, { where: 'this server', what, found, expected, remedy }, { headers: soon });
}

export function unavailable(what: string): Refusal {
  const remedy = 'Send it to another one, or again after the seconds of Retry-After.';
  return new Refusal(503, { where: 'this server', what, remedy }, { headers: soon });
}

/** A fault of ours, which is told in the log alone. */
export function internal(cause: unknown, what = 'the texts could not be scored'): Refusal {
  const details = {
    where: 'this server',
    what,
    remedy: 'Its log says why.',
  };
  return new Refusal(500, details, { cause });
}
