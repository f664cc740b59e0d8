import { Fault } from '../errors/fault.js';
import type { RunState } from '../workflows/progress.js';

/** A run that did not complete: it failed, was cancelled, or waits until somebody decides about a failed fold. */
export class RunFault extends Fault {
  constructor(
    /** The run's id: the name of its directory. */
    readonly run: string,
    readonly state: Exclude<RunState, 'completed'>,
    why: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super({ where: `run ${run}`, what: `${words[state]}${why === '' ? '' : `: ${why}`}` }, options);
  }
}

const words: Readonly<Record<Exclude<RunState, 'completed'>, string>> = {
  failed: 'it failed',
  cancelled: 'it was cancelled',
  waiting: 'it waits',
  running: 'it goes on',
};
