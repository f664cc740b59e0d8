import { cellId } from '../../pipeline/matrix.js';
import type { RunEvent } from '../faults/events.js';
import { differences, type Digests } from '../faults/outcome.js';
import type { ClusterRun } from './run.js';

/** What of a run is not as it must be; a sentence for each. */
export function violationsOf(expected: Digests, run: ClusterRun): string[] {
  if (run.digests === null) return [`it ${run.status}`];
  const differing = differences(expected, run.digests).map((file) => `${file} differs`);
  return [
    ...differing,
    ...trainedAgain(run.events).map((cell) => `fold ${cell} was trained after it was finished`),
  ];
}

/** Cells that an attempt trained after another had finished them. */
export function trainedAgain(events: readonly RunEvent[]): string[] {
  const finished = new Set<string>();
  const again = new Set<string>();
  for (const event of events) {
    const cell = cellOf(event);
    if (event.event === 'fold finished') {
      if (finished.has(cell)) again.add(cell);
      finished.add(cell);
    }
    if (event.event === 'fold started' && finished.has(cell)) again.add(cell);
  }
  return [...again];
}

/**
 * Seconds from a fault until every fold that was in training then went on, or was finished.
 *
 * @param at milliseconds since the epoch
 */
export function stalledSeconds(events: readonly RunEvent[], at: number): number {
  const cells = new Set(events.map(cellOf));
  const stalls = [...cells].map((cell) => {
    const own = events.filter((event) => cellOf(event) === cell);
    const before = own.filter((event) => event.at <= at).at(-1);
    const after = own.find((event) => event.at > at && event.event !== 'fold interrupted');
    if (before === undefined || after === undefined || before.event === 'fold finished') return 0;
    return (after.at - at) / 1000;
  });
  return Math.max(0, ...stalls);
}

function cellOf({ member = '', fold }: RunEvent): string {
  return cellId({ member, fold });
}
