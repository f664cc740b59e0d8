import type { Cluster } from './cluster.js';

/** What the campaign does to a cluster, and how often relative to the others. */
const weights = {
  /** A worker's host loses its power and comes back with its disk. */
  'host lost': 4,
  /** The same, and what comes back is a new one: nothing is on its disk. */
  'host replaced': 3,
  /** A worker's host reaches nobody for longer than a lease lasts. */
  'link cut': 4,
  /** A worker's link carries little, and late. */
  'link slow': 3,
  /** The S3 server is killed and comes back with what it had. */
  'store lost': 3,
  /** It comes back with nothing in it. */
  'store emptied': 2,
  /** It answers most requests with errors, or hangs up. */
  'store failing': 4,
  /** A worker's clock is set an hour on or back while it works. */
  'clock set': 3,
  /** PostgreSQL is killed and recovers. */
  'database lost': 3,
  /** Temporal's server is killed and comes back. */
  'server lost': 3,
} as const;

export type FaultKind = keyof typeof weights;

export const faultKinds = Object.keys(weights) as FaultKind[];

/** A fault as it was. */
export interface Fault {
  readonly kind: FaultKind;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** When what it did was over. */
  readonly healedAt: number;
  /** The name of the host. */
  readonly host: string;
}

const ofStore: readonly FaultKind[] = ['store lost', 'store emptied', 'store failing', 'host replaced'];

/** Of the kinds that this cluster can have, or of those alone that were chosen. */
export function weightsFor(
  { options }: Pick<Cluster, 'options'>,
  chosen: readonly FaultKind[] = faultKinds,
): Readonly<Record<string, number>> {
  const possible = (kind: FaultKind): boolean =>
    (options.store === 's3' || !ofStore.includes(kind)) &&
    (options.parts.faketime !== null || kind !== 'clock set');
  return Object.fromEntries(chosen.filter(possible).map((kind) => [kind, weights[kind]]));
}

/** When the store of a run had been emptied and its mark put back, for the last time; null where it never was. */
export function emptiedUntil(faults: readonly Fault[]): number | null {
  return faults.findLast(({ kind }) => kind === 'store emptied')?.healedAt ?? null;
}
