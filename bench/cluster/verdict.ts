import { cellId } from '../../pipeline/matrix.js';
import { differences, type Digests } from '../faults/outcome.js';
import { emptiedUntil } from './fault.js';
import type { FoldRecord, HostEvent } from './results.js';
import type { ClusterRun } from './run.js';

/** What of a run is not as it must be; a sentence for each. */
export function violationsOf(expected: Digests, run: ClusterRun): string[] {
  if (run.digests === null) return [`it ${run.status}`];
  const differing = differences(expected, run.digests).map((file) => `${file} differs`);
  return [
    ...differing,
    ...trainedAgain(run).map((cell) => `fold ${cell} was trained after it was finished`),
    ...evidenceMissing(run),
  ];
}

export type Evidence = Pick<ClusterRun, 'events' | 'records'> & Partial<Pick<ClusterRun, 'faults'>>;

/**
 * Cells that an attempt trained after another had finished them. Finished is what the store has a result of, or
 * what its host noted as finished, whichever was first. What was finished before the store was emptied is lost, and
 * has to be trained again.
 */
export function trainedAgain({ events, records, faults = [] }: Evidence): string[] {
  const since = emptiedUntil(faults) ?? 0;
  const cells = new Set([...events.map(cellOf), ...records.map(cellOfRecord)]);
  return [...cells].filter((cell) => {
    const own = events.filter((event) => cellOf(event) === cell);
    const noted = own.filter(({ event, at }) => event === 'fold finished' && at >= since).map(({ at }) => at);
    const stored = records
      .filter((record) => cellOfRecord(record) === cell && record.writtenAt >= since)
      .map((each) => each.writtenAt);
    const finishedAt = Math.min(...noted, ...stored);
    const begun = own.some(({ event, at }) => event === 'fold started' && at > finishedAt);
    return begun || noted.length > 1;
  });
}

/** What would have to be there of a run that completed, for `trainedAgain` to see all. */
export function evidenceMissing({ events, records }: Evidence): string[] {
  const cells = [...new Set(events.map(cellOf))];
  const begun = (cell: string, number: number): boolean =>
    events.some(
      (event) => event.event === 'fold started' && cellOf(event) === cell && event.attempt === number,
    );
  return [
    ...(records.length === 0 ? ['the store has the result of no fold'] : []),
    ...cells
      .filter((cell) => !records.some((record) => cellOfRecord(record) === cell))
      .map((cell) => `the store has no result of fold ${cell}`),
    ...records
      .filter((record) => !begun(cellOfRecord(record), record.attempt))
      .map(
        (record) => `no host noted attempt ${record.attempt} at fold ${cellOfRecord(record)}, which made it`,
      ),
  ];
}

export function cellOf({ member = '', fold }: Pick<HostEvent, 'member' | 'fold'>): string {
  return cellId({ member, fold });
}

function cellOfRecord({ fold }: FoldRecord): string {
  return cellOf({ fold });
}
