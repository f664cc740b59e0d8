import type { Context } from '@temporalio/activity';
import { z } from 'zod';
import { capped } from '../errors/capped.js';
import { InputFault, type Fault } from '../errors/fault.js';

/** How often in a row an activity's process may end in the same way without getting further. */
const sameEnds = 5;
/** How often in a row a worker may be lost over an activity that does not get further. */
const lostWorkers = 10;

const count = z.int().min(0);
const tallySchema = z.object({
  /** The furthest step that any attempt has come to. */
  furthest: count,
  /** How the last attempt's process ended, and how many ended so since the furthest step. */
  end: z.string().max(1_000).nullable(),
  ends: count,
  /** Attempts in a row that were not heard of again. */
  lost: count,
  /** Whether the attempt goes on: where the next one finds it so, this one's worker was lost. */
  open: z.boolean(),
});

/** What one attempt tells the next by its heartbeats. */
export type Tally = Readonly<z.output<typeof tallySchema>>;

const fresh: Tally = { furthest: 0, end: null, ends: 0, lost: 0, open: false };

/** Faults of a process that ended or was ended where it stood. Others, such as a full disk, may pass at any time. */
const processEnds = ['ProcessCrashed', 'ProcessStalled'];

const known = new WeakMap<Context, Attempts>();

/**
 * Whether the attempts at an activity lead anywhere. A crash at the same place for the same input comes
 * again for ever, and so does a worker that an input takes with it; a machine that was switched off does not.
 */
export class Attempts {
  private ended: Partial<Tally> = {};

  private constructor(private readonly former: Tally) {}

  static of(context: Context): Attempts {
    const found = known.get(context);
    if (found !== undefined) return found;
    const heartbeatDetails: unknown = context.info.heartbeatDetails;
    const told = z.object({ attempts: tallySchema }).safeParse(heartbeatDetails);
    const attempts = new Attempts(told.success ? told.data.attempts : fresh);
    known.set(context, attempts);
    return attempts;
  }

  /** @param step see `stepOf` */
  tally(step: number): Tally {
    const { furthest, end, ends } = this.former;
    const further = step > furthest;
    const before = further
      ? { furthest: step, end: null, ends: 0, lost: 0 }
      : { furthest, end, ends, lost: this.lost };
    return { ...before, open: true, ...this.ended };
  }

  /** @throws InputFault where workers are lost over this activity again and again */
  requireHope(activity: string): void {
    if (this.lost < lostWorkers) return;
    throw new InputFault({
      where: activity,
      what: `its worker was lost ${this.lost} times in a row, and it got no further`,
      remedy:
        'What it reads may be too large for the machine, or end the process. Look at the end of worker.log, then try again.',
    });
  }

  /** The attempt was told to end, which says nothing about the next. */
  stopped(): void {
    this.ended = { open: false, lost: 0 };
  }

  /**
   * Notes how this attempt failed.
   *
   * @returns the fault itself; in place of an end that repeats, that it does
   */
  note(fault: Fault, step: number): Fault {
    const { furthest, ends } = this.tally(step);
    const end = processEnds.includes(fault.name) ? capped(fault.message, 900) : null;
    const times = end === null ? 0 : end === this.former.end && step <= this.former.furthest ? ends + 1 : 1;
    this.ended = { furthest, end, ends: times, lost: 0, open: false };
    if (times < sameEnds) return fault;
    return new InputFault({
      where: fault.details.where,
      what: `${fault.details.what}, for the ${times}th time in the same way and without getting further`,
      ...(fault.details.found === undefined ? {} : { found: fault.details.found }),
      remedy:
        'What it is given brings this about: another model or table, or a machine with more memory, may help. Then try again.',
    });
  }

  private get lost(): number {
    return this.former.open ? this.former.lost + 1 : 0;
  }
}
