import { cellId } from '../../pipeline/matrix.js';
import type { RunEvent } from './events.js';

/** A place in the training from which it can go on. */
export interface Saved {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly step: number;
}

/** One attempt at a fold that came as far as training. */
export interface Attempt {
  /** Of the matrix, by its name. */
  readonly cell: string;
  readonly number: number;
  readonly worker: number;
  readonly startedAt: number;
  readonly resumedFrom: number;
  /** Steps of the whole fold. */
  readonly steps: number;
  /** Where it started, then its checkpoints. */
  readonly saved: readonly [Saved, ...Saved[]];
  /** Where its worker saw it end before it was done. */
  readonly interrupted: { readonly at: number; readonly step: number | null } | null;
  /** Seconds by kind of work, of an attempt that came to its end. */
  readonly timing: NonNullable<RunEvent['timing']> | null;
}

/** By cell, then by number. */
export function attemptsOf(events: readonly RunEvent[]): Attempt[] {
  const byAttempt = new Map<string, RunEvent[]>();
  for (const event of events) {
    const key = `${cellOf(event)} ${event.attempt}`;
    byAttempt.set(key, [...(byAttempt.get(key) ?? []), event]);
  }
  return [...byAttempt.values()]
    .flatMap((own) => attemptFrom(own) ?? [])
    .toSorted((a, b) => a.cell.localeCompare(b.cell) || a.number - b.number);
}

function cellOf({ member = '', fold }: RunEvent): string {
  return cellId({ member, fold });
}

function attemptFrom(events: readonly RunEvent[]): Attempt | null {
  const started = events.find(({ event }) => event === 'fold started');
  if (started === undefined) return null;
  const interrupted = events.find(({ event }) => event === 'fold interrupted');
  const finished = events.find(({ event }) => event === 'fold finished');
  const checkpoints = events.filter(({ event }) => event === 'checkpoint');
  const resumedFrom = started.resumedFrom ?? 0;
  return {
    cell: cellOf(started),
    number: started.attempt,
    worker: started.worker ?? 0,
    startedAt: started.at,
    resumedFrom,
    steps: started.steps ?? 0,
    saved: [
      { at: started.at, step: resumedFrom },
      ...checkpoints.map(({ at, trainingStep }) => ({ at, step: trainingStep ?? 0 })),
    ],
    interrupted:
      interrupted === undefined ? null : { at: interrupted.at, step: interrupted.trainingStep ?? null },
    timing: finished?.timing ?? null,
  };
}
