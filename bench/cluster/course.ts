import type { HostEvent } from './results.js';
import type { ClusterRun } from './run.js';
import { cellOf } from './verdict.js';

/** A stretch of a run between two signs that something got further than it had ever been. */
export interface Span {
  /** A fold, or what comes after all of them. */
  readonly part: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** What an undisturbed run took for the same. */
  readonly expectedSeconds: number;
  /** The hosts that it depended on besides the servers; null: on any. */
  readonly hosts: readonly string[] | null;
}

/** The part that comes after the folds. */
export const joining = 'joining';

/** How far a fold is: its steps, and one more once it is finished. */
interface Place {
  readonly at: number;
  readonly done: number;
  readonly host: string | null;
}

/** A fold from its first start to its end; each place is further than all before it. */
interface Progress {
  readonly cell: string;
  readonly places: readonly [Place, ...Place[]];
  readonly finishedAt: number | null;
}

/**
 * A run's folds and what comes after them as stretches, each with what an undisturbed run took for it.
 *
 * @param epochs of a fold
 * @param slots folds that are trained at once: the others wait for the end of one
 */
export function spansOf(
  run: ClusterRun,
  undisturbed: ClusterRun,
  shape: { readonly epochs: number; readonly slots: number },
): Span[] {
  const folds = progressOf(run.events, shape.epochs);
  const pattern = progressOf(undisturbed.events, shape.epochs);
  return [
    ...waiting(run, folds, waits(undisturbed, pattern, shape.slots), shape.slots),
    ...folds.flatMap((fold) => trainingSpans(fold, pattern)),
    ...joiningSpan(run, folds, undisturbed, pattern),
  ];
}

/** By their first start. */
function progressOf(events: readonly HostEvent[], epochs: number): Progress[] {
  const cells = [...new Set(events.map(cellOf))];
  const folds = cells.flatMap((cell): Progress[] => {
    const own = events.filter((event) => cellOf(event) === cell);
    const steps = own.find((event) => event.steps !== undefined)?.steps ?? 0;
    const places: Place[] = [];
    for (const event of own) {
      const done = doneBy(event, steps, epochs);
      if (done !== null && done > (places.at(-1)?.done ?? -1))
        places.push({ at: event.at, done, host: event.host });
    }
    const [first, ...rest] = places;
    if (first === undefined) return [];
    const last = places.at(-1);
    return [{ cell, places: [first, ...rest], finishedAt: last?.done === steps + 1 ? last.at : null }];
  });
  return folds.toSorted((a, b) => a.places[0].at - b.places[0].at);
}

/** Null where it says nothing of that. */
function doneBy(event: HostEvent, steps: number, epochs: number): number | null {
  switch (event.event) {
    case 'fold started':
      return event.resumedFrom ?? 0;
    case 'checkpoint':
      return event.trainingStep ?? null;
    case 'epoch finished':
      return event.epoch === undefined ? null : (event.epoch * steps) / epochs;
    case 'fold finished':
      return steps + 1;
    default:
      return null;
  }
}

/** Of each fold in the order of their starts: milliseconds since the epoch from which on it could have begun. */
function readyAt(startedAt: number, folds: readonly Progress[], slots: number): number[] {
  const ends = folds.flatMap(({ finishedAt }) => finishedAt ?? []).toSorted((a, b) => a - b);
  return folds.map(({ places: [first] }, rank) =>
    Math.min(rank < slots ? startedAt : (ends[rank - slots] ?? first.at), first.at),
  );
}

function waits({ startedAt }: ClusterRun, folds: readonly Progress[], slots: number): number[] {
  return readyAt(startedAt, folds, slots).map((at, rank) => (folds[rank]!.places[0].at - at) / 1000);
}

function waiting(
  { startedAt }: ClusterRun,
  folds: readonly Progress[],
  expected: readonly number[],
  slots: number,
): Span[] {
  return readyAt(startedAt, folds, slots).map((from, rank) => {
    const { cell, places } = folds[rank]!;
    return { part: cell, from, to: places[0].at, expectedSeconds: expected[rank] ?? 0, hosts: null };
  });
}

function trainingSpans({ cell, places }: Progress, pattern: readonly Progress[]): Span[] {
  const same = pattern.find((fold) => fold.cell === cell);
  if (same === undefined) return [];
  return places.slice(1).map((place, index) => {
    const before = places[index]!;
    const hosts = [before.host, place.host].flatMap((host) => host ?? []);
    return {
      part: cell,
      from: before.at,
      to: place.at,
      expectedSeconds: secondsTo(same, place.done) - secondsTo(same, before.done),
      hosts: hosts.length === 0 ? null : hosts,
    };
  });
}

/** From a fold's start until so much of it was done; between two places by their distance. */
function secondsTo({ places }: Progress, done: number): number {
  const [first] = places;
  const after = places.findIndex((place) => place.done >= done);
  if (after <= 0) return after === 0 ? 0 : (places.at(-1)!.at - first.at) / 1000;
  const [before, next] = [places[after - 1]!, places[after]!];
  const share = (done - before.done) / (next.done - before.done);
  return (before.at + share * (next.at - before.at) - first.at) / 1000;
}

function joiningSpan(
  run: ClusterRun,
  folds: readonly Progress[],
  undisturbed: ClusterRun,
  pattern: readonly Progress[],
): Span[] {
  if (run.status !== 'COMPLETED') return [];
  const [from, to] = [lastEnd(run, folds), endOf(run)];
  const expectedSeconds = (endOf(undisturbed) - lastEnd(undisturbed, pattern)) / 1000;
  return [{ part: joining, from: Math.min(from, to), to, expectedSeconds, hosts: null }];
}

function endOf({ startedAt, seconds }: ClusterRun): number {
  return startedAt + seconds * 1000;
}

function lastEnd({ startedAt }: ClusterRun, folds: readonly Progress[]): number {
  return Math.max(startedAt, ...folds.flatMap(({ finishedAt }) => finishedAt ?? []));
}
