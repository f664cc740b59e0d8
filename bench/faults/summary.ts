import { attemptsOf } from './attempts.js';
import { faultKinds, sudden, type FaultKind } from './fault.js';
import { lossesOf, type Loss } from './losses.js';
import { differences } from './outcome.js';
import type { FinishedRun } from './run.js';
import type { Subject } from './subject.js';

/** What one subject went through, and what it cost. */
export interface Summary {
  readonly subject: string;
  readonly checkpointEvery: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly faultCount: number;
  readonly runs: number;
  /** A sentence for each thing that is not as it must be. */
  readonly violations: readonly string[];
  readonly files: number;
  readonly steps: { readonly needed: number; readonly repeated: number; readonly percent: number };
  readonly seconds: {
    /** The undisturbed run. */
    readonly undisturbed: number;
    /** All disturbed runs. */
    readonly disturbed: number;
    readonly lostPerFault: number;
  };
  /** From the fault until a fold began to train in place of the one that it met, by kind. */
  readonly downSeconds: Readonly<
    Partial<Record<FaultKind, { readonly mean: number; readonly most: number }>>
  >;
  /** Attempts that ended without a fault of the campaign, such as on a machine too busy for heartbeats. */
  readonly otherEnds: number;
  /** The most training that a sudden end lost, in seconds; null where none met a fold in training. */
  readonly mostUnsavedSeconds: number | null;
  /** The longest that writing a checkpoint took, in seconds. */
  readonly longestCheckpointSeconds: number;
  /** Of the time of training, evaluation and checkpoints; of the attempts that came to their end. */
  readonly checkpointPercent: { readonly undisturbed: number; readonly disturbed: number };
}

export function summarise(subject: Subject, reference: FinishedRun, runs: readonly FinishedRun[]): Summary {
  const faults = runs.flatMap((run) => run.faults);
  const losses = runs.flatMap(lossesOf);
  const count = (kind: FaultKind): number => faults.filter((fault) => fault.kind === kind).length;
  const needed = runs.length * stepsOf(reference);
  const repeated = sum(losses.map(({ steps }) => steps));
  const disturbed = sum(runs.map(({ seconds }) => seconds));
  const unsaved = losses.filter(({ kind }) => kind !== null && sudden.includes(kind));
  return {
    subject: subject.name,
    checkpointEvery: subject.checkpointEvery,
    faults: byKind((kind) => count(kind)),
    faultCount: faults.length,
    runs: runs.length,
    violations: [reference, ...runs].flatMap((run, index) => violationsOf(reference, run, index)),
    files: Object.keys(reference.digests).length,
    steps: { needed, repeated, percent: percent(repeated, needed) },
    seconds: {
      undisturbed: reference.seconds,
      disturbed,
      lostPerFault: (disturbed - runs.length * reference.seconds) / Math.max(1, faults.length),
    },
    downSeconds: byKind((kind) => downOf(losses.filter((loss) => loss.kind === kind))),
    otherEnds: losses.filter(({ kind }) => kind === null).length,
    mostUnsavedSeconds:
      unsaved.length === 0 ? null : most(unsaved.map(({ unsavedSeconds }) => unsavedSeconds)),
    longestCheckpointSeconds: most(runs.flatMap(checkpointSeconds)),
    checkpointPercent: { undisturbed: checkpointShare([reference]), disturbed: checkpointShare(runs) },
  };
}

/** @param index 0 for the undisturbed run */
function violationsOf(reference: FinishedRun, run: FinishedRun, index: number): string[] {
  const name = index === 0 ? 'the undisturbed run' : `disturbed run ${index}`;
  const differing = differences(reference.digests, run.digests).map((file) => `${file} differs`);
  return [...differing, ...run.leftovers].map((sentence) => `${name}: ${sentence}`);
}

function stepsOf({ events }: FinishedRun): number {
  const byCell = new Map(attemptsOf(events).map(({ cell, steps }) => [cell, steps]));
  return sum([...byCell.values()]);
}

function downOf(losses: readonly Loss[]): { mean: number; most: number } | undefined {
  const seconds = losses.map(({ downSeconds }) => downSeconds);
  return seconds.length === 0 ? undefined : { mean: sum(seconds) / seconds.length, most: most(seconds) };
}

function checkpointSeconds({ events }: FinishedRun): number[] {
  return events.flatMap(({ event, seconds }) => (event === 'checkpoint' ? [seconds ?? 0] : []));
}

function checkpointShare(runs: readonly FinishedRun[]): number {
  const timings = runs.flatMap(({ events }) => attemptsOf(events)).flatMap(({ timing }) => timing ?? []);
  const checkpoint = sum(timings.map((timing) => timing.checkpoint));
  return percent(checkpoint, sum(timings.map(({ train, evaluate }) => train + evaluate)) + checkpoint);
}

function byKind<T>(value: (kind: FaultKind) => T | undefined): Partial<Record<FaultKind, T>> {
  const found = faultKinds.flatMap((kind) => {
    const one = value(kind);
    return one === undefined ? [] : [[kind, one] as const];
  });
  return Object.fromEntries(found);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function most(values: readonly number[]): number {
  return Math.max(0, ...values);
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}
